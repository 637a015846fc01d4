#include "nats-common/nkey.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace nats_common {

namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::uint8_t kind_seed = 18 << 3;
constexpr std::uint8_t kind_user = 20 << 3;
constexpr std::size_t key_bytes = 32;
constexpr std::size_t seed_bytes = 2 + key_bytes + 2;  // kinds, key, checksum

std::optional<std::vector<std::uint8_t>> from_base32(std::string_view text) {
  std::vector<std::uint8_t> out;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    held = (held << 5 | static_cast<std::uint32_t>(digit)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<std::uint8_t>(held >> bits));
    }
  }
  return out;
}

std::string to_base32(std::span<const std::uint8_t> bytes) {
  std::string out;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const std::uint8_t byte : bytes) {
    held = (held << 8 | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out.push_back(alphabet[held >> bits & 31]);
    }
  }
  if (bits > 0) {
    out.push_back(alphabet[held << (5 - bits) & 31]);
  }
  return out;
}

// CRC-16/XMODEM.
std::uint16_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = 0;
  for (const std::uint8_t byte : bytes) {
    crc ^= std::uint32_t{byte} << 8;
    for (int bit = 0; bit < 8; ++bit) {
      crc = ((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1) & 0xffff;
    }
  }
  return static_cast<std::uint16_t>(crc);
}

}  // namespace

std::optional<std::string> public_nkey_of(std::string_view seed) {
  const auto raw = from_base32(seed);
  if (!raw || raw->size() != seed_bytes) {
    return std::nullopt;
  }
  const std::span<const std::uint8_t> bytes(*raw);
  const auto sum = static_cast<std::uint16_t>(bytes[34] | bytes[35] << 8);
  const std::uint8_t kind = static_cast<std::uint8_t>((bytes[0] & 7) << 5 | bytes[1] >> 3);
  if (checksum(bytes.first(34)) != sum || (bytes[0] & 0xf8) != kind_seed || kind != kind_user) {
    return std::nullopt;
  }
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes.data() + 2, key_bytes),
      &EVP_PKEY_free);
  std::array<std::uint8_t, 1 + key_bytes + 2> out{kind_user};
  std::size_t size = key_bytes;
  if (key == nullptr || EVP_PKEY_get_raw_public_key(key.get(), out.data() + 1, &size) != 1) {
    return std::nullopt;
  }
  const std::uint16_t own_sum = checksum(std::span(out).first(1 + key_bytes));
  out[33] = static_cast<std::uint8_t>(own_sum & 0xff);
  out[34] = static_cast<std::uint8_t>(own_sum >> 8);
  return to_base32(out);
}

}  // namespace nats_common
