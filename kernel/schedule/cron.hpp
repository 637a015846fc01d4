// Cron expressions: which moments they name, in a time zone.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "schedule/time_zone.hpp"

namespace spawn {

inline constexpr std::size_t cron_bytes_max = 256;

// An expression that comes again and again: `minute hour day-of-month month day-of-week`, or six
// fields with the seconds first, or @hourly and the like (README.md has the grammar). If both
// day-of-month and day-of-week are something else than `*`, either suffices (POSIX crontab).
// Life: a value, made by parse; one made without it never comes. Thread: [any].
class cron {
 public:
  // INVALID_ARGUMENT names the field and the text, or says that the expression never comes.
  [[nodiscard]] static result<cron> parse(std::string_view text);

  // The first moment strictly after `unix_ms`, in milliseconds of Unix time. A local time that a
  // change of the clocks leaves out runs at the first moment after it; one that comes twice runs
  // once, at the first. Nothing only for moments that no calendar of the machine reaches.
  // At most nine years of months are looked through.
  [[nodiscard]] std::optional<std::int64_t> next_after(std::int64_t unix_ms,
                                                       const time_zone& zone) const;

  // The expression with one space between fields, in lower case. Of "@daily" the fields it means.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  // Bit n: the n-th day of that month runs. 0: not in this month.
  [[nodiscard]] std::uint64_t days_of(int year, unsigned month) const;
  // The first second of the day that runs, at or after `from_s`; below 0: none.
  [[nodiscard]] std::int64_t time_from(std::int64_t from_s) const;
  // The first local second that runs, at or after `local_s`.
  [[nodiscard]] std::optional<std::int64_t> local_from(std::int64_t local_s) const;
  [[nodiscard]] bool ever_comes() const;

  std::string text_;
  // Bit n: the value n runs.
  std::uint64_t seconds_ = 0;
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t days_ = 0;      // 1 to 31
  std::uint64_t months_ = 0;    // 1 to 12
  std::uint64_t weekdays_ = 0;  // 0 is Sunday
  bool last_day_ = false;       // L: the last day of the month
  bool any_day_ = false;        // day-of-month is `*`
  bool any_weekday_ = false;
};

}  // namespace spawn
