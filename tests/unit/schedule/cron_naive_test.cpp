// The search against one that looks at every minute.
#include <set>

#include "base/random.hpp"
#include "support.hpp"

namespace spawn {
namespace {

// An expression as sets, and the same as text.
struct plan {
  std::set<int> minutes, hours, days, months, weekdays;
  bool any_day = false;
  bool any_weekday = false;
  std::string text;
};

// Some values of low to high, written as a list; all of them and "*" once in `open`.
std::set<int> pick(random& chance, int low, int high, std::uint64_t open, std::string& text,
                   bool& any) {
  std::set<int> out;
  any = chance.one_in(open);
  const auto count = any ? 0 : 1 + chance.below(4);
  while (out.size() < count) {
    out.insert(low + static_cast<int>(chance.below(static_cast<std::uint64_t>(high - low + 1))));
  }
  std::string list;
  for (const int each : out) {
    list += (list.empty() ? "" : ",") + std::to_string(each);
  }
  for (int each = low; any && each <= high; ++each) {
    out.insert(each);
  }
  text += (text.empty() ? "" : " ") + (any ? "*" : list);
  return out;
}

plan random_plan(random& chance) {
  plan out;
  bool ignored = false;
  out.minutes = pick(chance, 0, 59, 4, out.text, ignored);
  out.hours = pick(chance, 0, 23, 2, out.text, ignored);
  out.days = pick(chance, 1, 28, 2, out.text, out.any_day);
  out.months = pick(chance, 1, 12, 2, out.text, ignored);
  out.weekdays = pick(chance, 0, 6, 2, out.text, out.any_weekday);
  return out;
}

bool names(const plan& p, std::int64_t local_s) {
  const std::time_t at = local_s;
  std::tm t{};
  ::gmtime_r(&at, &t);
  const bool by_day = p.days.contains(t.tm_mday);
  const bool by_weekday = p.weekdays.contains(t.tm_wday);
  const bool fits = p.any_day || p.any_weekday
                        ? (p.any_day || by_day) && (p.any_weekday || by_weekday)
                        : by_day || by_weekday;
  return fits && p.minutes.contains(t.tm_min) && p.hours.contains(t.tm_hour) &&
         p.months.contains(t.tm_mon + 1);
}

// Walks the minutes from `from_s` and looks at each local minute as soon as the clocks have reached
// or passed it, once. Below 0: none within `minutes`.
std::int64_t naive(const plan& p, std::int64_t from_s, const time_zone& in, int minutes) {
  std::int64_t seen = in.local_s(from_s);
  for (int back = 1; back <= 26 * 60; ++back) {
    seen = std::max(seen, in.local_s(from_s - back * 60));
  }
  for (int step = 1; step <= minutes; ++step) {
    const std::int64_t now = from_s + step * 60;
    const std::int64_t shown_now = in.local_s(now);
    for (std::int64_t local = seen + 60; local <= shown_now; local += 60) {
      if (names(p, local)) {
        return now;
      }
    }
    seen = std::max(seen, shown_now);
  }
  return -1;
}

constexpr std::uint64_t day = 24 * 60;

// `rounds` plans, each asked at a minute of the `minutes` from `first_s` on.
void agree(const char* name, std::int64_t first_s, std::uint64_t minutes, std::uint64_t seed,
           int rounds) {
  random chance(seed);
  const time_zone in = zone(name);
  constexpr int searched = 20 * 24 * 60;
  for (int round = 0; round < rounds; ++round) {
    const plan p = random_plan(chance);
    const std::int64_t from_s = first_s + static_cast<std::int64_t>(chance.below(minutes)) * 60;
    const std::int64_t wanted = naive(p, from_s, in, searched);
    const auto made = expression(p.text).next_after(from_s * 1'000, in);
    ASSERT_TRUE(made) << p.text;
    if (wanted >= 0) {
      ASSERT_EQ(shown(*made), shown(wanted * 1'000))
          << p.text << " in " << name << " after " << shown(from_s * 1'000);
    } else {
      ASSERT_GT(*made, (from_s + searched * 60) * 1'000) << p.text << " in " << name;
    }
  }
}

TEST(cron_naive, agrees_in_utc) {
  agree("UTC", utc("2023-11-20 00:00") / 1'000, 1'500 * day, 1, 60);
}

TEST(cron_naive, agrees_around_changes_of_the_clocks) {
  const auto start = [](const char* text) { return utc(text) / 1'000; };
  agree("Europe/Berlin", start("2024-03-29 00:00"), 3 * day, 2, 60);
  agree("Europe/Berlin", start("2024-10-25 00:00"), 3 * day, 3, 60);
  agree("America/New_York", start("2024-03-08 00:00"), 3 * day, 4, 60);
  agree("America/New_York", start("2024-11-01 00:00"), 3 * day, 5, 60);
  // Asked while the clocks go through the hour again.
  agree("Europe/Berlin", start("2024-10-27 00:30"), 90, 7, 200);
  agree("America/New_York", start("2024-11-03 05:30"), 90, 8, 200);
  agree("Australia/Lord_Howe", start("2024-04-05 00:00"), 3 * day, 6, 30);
}

}  // namespace
}  // namespace spawn
