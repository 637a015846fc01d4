// An event source, as the stations see it: messages come in, verdicts go back.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "plugin/ports/op.hpp"
#include "spawn/plugin/activator.h"

namespace spawn {

// A message that a source offered, with everything it points to; gives it back when destroyed.
// Belongs to the lane of its intake from the moment that it was posted there.
struct delivery : task {
  spawn_delivery raw{};

  explicit delivery(const spawn_delivery& from) noexcept {
    std::memcpy(&raw, &from, std::min<std::size_t>(from.struct_size, sizeof(raw)));
  }
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;
  virtual ~delivery() { release(raw.owner); }

  [[nodiscard]] std::span<const spawn_kv> headers() const noexcept {
    return {raw.headers, raw.n_headers};
  }
  [[nodiscard]] bool wants_reply() const noexcept { return (raw.flags & SPAWN_D_WANT_REPLY) != 0; }
};

// Whoever takes what an activator offers. All [any] and noexcept: the plugin's threads call.
class activator_listener {
 public:
  virtual ~activator_listener() = default;
  // Takes the first k of n over and returns k; k < n beyond the window.
  virtual std::uint32_t offer(std::span<const spawn_delivery* const> messages) noexcept = 0;
  virtual void lag(std::string_view source, std::uint64_t messages,
                   std::uint64_t oldest_ms) noexcept = 0;
  virtual errc set_cursor(std::string_view source, std::string_view bytes) noexcept = 0;
  [[nodiscard]] virtual std::optional<std::string> cursor(std::string_view source) noexcept = 0;
};

// One instance. Its calls are made on one lane, `home`.
class activator_port {
 public:
  virtual ~activator_port() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual std::uint64_t capabilities() const noexcept = 0;  // SPAWN_AC_CAP_*
  [[nodiscard]] virtual lane& home() const noexcept = 0;
  // Whether it can do its work at all, and what it says of that. [any]
  [[nodiscard]] virtual std::pair<bool, std::string> health() const = 0;
  // Before the instance is started, and with nullptr after it was stopped. [control]
  virtual void listen(activator_listener* to) noexcept = 0;
  // False: the plugin has no lane, so nothing will come; to be tried again. [home]
  [[nodiscard]] virtual bool set_window(std::uint32_t window, bool pause) = 0;
  virtual void settle(std::span<const spawn_settle* const> verdicts) = 0;  // [home]
};

}  // namespace spawn
