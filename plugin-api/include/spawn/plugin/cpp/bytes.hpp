// Views over the slices of the C ABI and ways to hand bytes to the host. Compiled into the plugin:
// nothing here crosses the border of the .so.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "spawn/plugin/abi.h"

namespace spawn::plugin {

[[nodiscard]] inline std::string_view text(const spawn_slice& s) noexcept {
  return s.len == 0 ? std::string_view{}
                    : std::string_view{static_cast<const char*>(s.ptr), std::size_t{s.len}};
}

[[nodiscard]] inline std::string_view text(const spawn_buf& b) noexcept {
  return text(spawn_slice{b.ptr, b.len});
}

[[nodiscard]] inline std::span<const std::byte> bytes(const spawn_slice& s) noexcept {
  return {static_cast<const std::byte*>(s.ptr), std::size_t{s.len}};
}

// Borrows: the bytes must outlive the use of the slice.
[[nodiscard]] inline spawn_slice slice(std::string_view s) noexcept {
  return {s.data(), s.size()};
}

[[nodiscard]] inline spawn_slice slice(std::span<const std::byte> s) noexcept {
  return {s.data(), s.size()};
}

// Gives a container to the host, which frees it when it lets go. The pointer is never NULL, so an
// empty value stays different from an absent one.
template <class C>
  requires requires(const C& c) { c.data(), c.size(); }
[[nodiscard]] spawn_buf give(C value) {
  auto held = std::make_unique<C>(std::move(value));
  const void* at = held->data() != nullptr ? static_cast<const void*>(held->data()) : "";
  const std::uint64_t len = held->size() * sizeof(*held->data());
  return {at, len,
          [](void* ctx, const void*, std::uint64_t) noexcept { delete static_cast<C*>(ctx); },
          held.release()};
}

// Bytes of static storage: nothing is freed.
[[nodiscard]] inline spawn_buf give_static(std::string_view s) noexcept {
  return {s.data(), s.size(), nullptr, nullptr};
}

// The holder's side of an owned buffer; safe to call twice.
inline void release(spawn_buf& b) noexcept {
  if (b.release != nullptr) {
    b.release(b.ctx, b.ptr, b.len);
  }
  b = spawn_buf{};
}

}  // namespace spawn::plugin
