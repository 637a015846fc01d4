#include "schedule/cron.hpp"

#include <date/date.h>

#include <bit>
#include <chrono>

namespace spawn {
namespace {

constexpr std::int64_t day_s = 86'400;
// A 29 February is at most eight years away.
constexpr int months_searched_max = 9 * 12;
// Local seconds from which the calendar is sure to reach nine years on.
constexpr std::int64_t local_s_max = 250'000'000'000;

constexpr std::uint64_t from_bit(std::uint64_t mask, std::int64_t bit) {
  return bit > 63 ? 0 : mask & (~std::uint64_t{0} << static_cast<unsigned>(bit));
}

// The lowest value of a mask that is not 0.
constexpr std::int64_t lowest(std::uint64_t mask) {
  return std::countr_zero(mask);
}

date::sys_days first_of(int year, unsigned month) {
  return date::sys_days(date::year(year) / static_cast<int>(month) / 1);
}

}  // namespace

std::uint64_t cron::days_of(int year, unsigned month) const {
  if (((months_ >> month) & 1) == 0) {
    return 0;
  }
  const date::year_month_day_last end = date::year(year) / static_cast<int>(month) / date::last;
  const auto length = static_cast<unsigned>(end.day());
  const std::uint64_t all = (std::uint64_t{1} << (length + 1)) - 2;
  std::uint64_t by_number = days_ & all;
  if (last_day_) {
    by_number |= std::uint64_t{1} << length;
  }
  if (any_weekday_) {
    return any_day_ ? all : by_number;
  }
  std::uint64_t by_weekday = 0;
  unsigned weekday = date::weekday(first_of(year, month)).c_encoding();
  for (unsigned day = 1; day <= length; ++day, weekday = (weekday + 1) % 7) {
    by_weekday |= ((weekdays_ >> weekday) & 1) << day;
  }
  return any_day_ ? by_weekday : by_number | by_weekday;
}

std::int64_t cron::time_from(std::int64_t from_s) const {
  std::int64_t hour = from_s / 3'600;
  std::int64_t minute = from_s / 60 % 60;
  std::int64_t second = from_s % 60;
  // Each field at or after what is asked; once one is later, those behind it start anew.
  const auto later_hour = from_bit(hours_, hour);
  if (later_hour == 0) {
    return -1;
  }
  if (lowest(later_hour) != hour) {
    return lowest(later_hour) * 3'600 + lowest(minutes_) * 60 + lowest(seconds_);
  }
  if (from_bit(minutes_, minute) == 0 ||
      (lowest(from_bit(minutes_, minute)) == minute && from_bit(seconds_, second) == 0)) {
    ++minute;
    second = 0;
  }
  if (from_bit(minutes_, minute) == 0) {
    const auto next_hour = from_bit(hours_, hour + 1);
    return next_hour == 0 ? -1
                          : lowest(next_hour) * 3'600 + lowest(minutes_) * 60 + lowest(seconds_);
  }
  if (lowest(from_bit(minutes_, minute)) != minute) {
    minute = lowest(from_bit(minutes_, minute));
    second = 0;
  }
  return hour * 3'600 + minute * 60 + lowest(from_bit(seconds_, second));
}

std::optional<std::int64_t> cron::local_from(std::int64_t local_s) const {
  if (local_s > local_s_max || local_s < -local_s_max) {
    return std::nullopt;
  }
  const auto today = date::floor<date::days>(date::sys_seconds(std::chrono::seconds(local_s)));
  const date::year_month_day from(today);
  int year = static_cast<int>(from.year());
  auto month = static_cast<unsigned>(from.month());
  std::int64_t time = time_from(local_s - today.time_since_epoch().count() * day_s);
  auto day = static_cast<std::int64_t>(static_cast<unsigned>(from.day()));
  for (int looked = 0; looked <= months_searched_max; ++looked) {
    const std::uint64_t days = from_bit(days_of(year, month), day);
    const std::int64_t month_days = first_of(year, month).time_since_epoch().count() - 1;
    if (days != 0 && lowest(days) == day && time >= 0) {
      return (month_days + day) * day_s + time;
    }
    if (const auto later = from_bit(days, day + 1); later != 0) {
      return (month_days + lowest(later)) * day_s + time_from(0);
    }
    month = month % 12 + 1;
    year += month == 1 ? 1 : 0;
    day = 1;
    time = time_from(0);
  }
  return std::nullopt;
}

bool cron::ever_comes() const {
  // Every calendar of eight years has all that there is.
  return local_from(0).has_value();
}

std::optional<std::int64_t> cron::next_after(std::int64_t unix_ms, const time_zone& zone) const {
  constexpr std::int64_t unix_ms_max = local_s_max * 1'000;
  if (seconds_ == 0 || unix_ms > unix_ms_max || unix_ms < -unix_ms_max) {
    return std::nullopt;
  }
  const std::int64_t now_s =
      date::floor<std::chrono::seconds>(std::chrono::milliseconds(unix_ms)).count();
  // What the clocks showed up to now has run, also while they show it for the second time.
  const auto local = local_from(zone.latest_local_s(now_s) + 1);
  return local ? std::optional(zone.unix_s(*local) * 1'000) : std::nullopt;
}

}  // namespace spawn
