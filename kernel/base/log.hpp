// Structured logging: a constant message and key=value fields. No text is built when the level is
// off. Never payloads, never secrets. The sink (text on a terminal, one JSON object per line
// elsewhere) is set up once by log::init; before that, messages go to stderr as text.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace spawn::log {

enum class level : int { trace = 0, debug = 1, info = 2, warn = 3, error = 4, off = 6 };
enum class format { automatic, text, json };

struct field {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool> value;
  field(std::string_view k, std::string_view v) : key(k), value(v) {}
  field(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  field(std::string_view k, const std::string& v) : key(k), value(std::string_view(v)) {}
  field(std::string_view k, bool v) : key(k), value(v) {}
  field(std::string_view k, double v) : key(k), value(v) {}
  template <class T>
    requires(std::is_integral_v<T> && std::is_signed_v<T>)
  field(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
  template <class T>
    requires(std::is_integral_v<T> && std::is_unsigned_v<T> && !std::is_same_v<T, bool>)
  field(std::string_view k, T v) : key(k), value(static_cast<std::uint64_t>(v)) {}
};

// [control] once, before lanes start.
void init(level threshold, format how);
// "debug", "info", "warn"/"warning", "error", "trace", "off"; info for anything else.
[[nodiscard]] level parse_level(std::string_view text) noexcept;
[[nodiscard]] bool enabled(level at) noexcept;                                        // [any]
void write(level at, std::string_view message, std::initializer_list<field> fields);  // [any]
void flush();

// From here on a thread of its own writes the lines, so that a slow reader of stderr never holds a
// lane up; 1,024 lines wait at most, then the oldest goes and is counted. [control]
void write_in_background();
// Writes what waits, ends that thread, and goes back to writing at once. [control]
void write_directly();
// Lines lost since write_in_background, because nobody read stderr fast enough. Between the two
// above. [any]
[[nodiscard]] std::uint64_t lines_dropped() noexcept;

}  // namespace spawn::log

#define SPAWN_LOG(at, message, ...)                                         \
  do {                                                                      \
    if (::spawn::log::enabled(::spawn::log::level::at)) {                   \
      ::spawn::log::write(::spawn::log::level::at, message, {__VA_ARGS__}); \
    }                                                                       \
  } while (false)
