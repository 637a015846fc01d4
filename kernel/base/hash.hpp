// One hash for routing and tables: stable across builds and machines, since the lane of an actor
// and the partition of its messages depend on it.
#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>

namespace spawn {

// 64-bit hash of bytes (wyhash-like multiply-fold over 8-byte words). Not keyed.
[[nodiscard]] inline std::uint64_t hash_bytes(std::string_view bytes,
                                              std::uint64_t seed = 0) noexcept {
  const auto fold = [](std::uint64_t a, std::uint64_t b) noexcept {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  };
  constexpr std::uint64_t k0 = 0xa0761d6478bd642fULL;
  constexpr std::uint64_t k1 = 0xe7037ed1a0b428dbULL;
  std::uint64_t h = seed ^ k0 ^ bytes.size();
  const char* p = bytes.data();
  std::size_t left = bytes.size();
  while (left >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, 8);
    h = fold(h ^ word, k1);
    p += 8;
    left -= 8;
  }
  std::uint64_t tail = 0;
  if (left > 0) {
    std::memcpy(&tail, p, left);
  }
  return fold(h ^ tail ^ (static_cast<std::uint64_t>(left) << 56), k0);
}

[[nodiscard]] inline std::uint64_t hash_pair(std::string_view a, std::string_view b) noexcept {
  return hash_bytes(b, hash_bytes(a));
}

// For unordered containers keyed by text.
struct text_hash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view s) const noexcept { return hash_bytes(s); }
};

}  // namespace spawn
