// timetable: which fires are due, which are out, and what has to be remembered of them. Pure: the
// caller brings the time.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "settings.hpp"

namespace cron_activator {

// Fires of one schedule that are not settled; its cursor has to hold them all.
inline constexpr std::size_t open_fires_max = 64;
// How far the fires that wait are counted.
inline constexpr std::size_t lag_max = 1'000;

// A fire to be offered.
struct fire_ref {
  std::size_t schedule = 0;  // index
  std::int64_t due_ms = 0;
  std::uint32_t attempt = 0;
  std::uint64_t token = 0;  // never given twice
};

struct waiting {
  std::uint64_t messages = 0;
  std::uint64_t oldest_ms = 0;  // age

  friend bool operator==(const waiting&, const waiting&) = default;
};

// The state of all schedules. Times: unix_ms is the wall clock, which may be set; now_ns the
// monotonic one. Life: as long as the instance. Thread: one at a time.
class timetable {
 public:
  explicit timetable(std::vector<schedule> schedules);

  [[nodiscard]] const std::vector<schedule>& schedules() const noexcept { return schedules_; }

  // Takes up one schedule where its cursor says it was. Without one, or when its times are not
  // those of the cursor, it begins now. False: the cursor can not be read, so it begins now.
  bool begin(std::size_t schedule, const std::optional<std::string>& cursor, std::int64_t unix_ms);

  // At most `room` fires to be offered, each schedule's oldest first. They are out from here on.
  [[nodiscard]] std::vector<fire_ref> take(std::int64_t unix_ms, std::uint64_t now_ns,
                                           std::size_t room);
  // Nobody took it: it is the next of its schedule again.
  void give_back(const fire_ref& fire);
  // A token that is not out is ignored.
  void settle(std::uint64_t token, std::uint32_t verdict, std::uint32_t delay_ms,
              std::uint64_t now_ns);
  // Fires that are out.
  [[nodiscard]] std::size_t out() const noexcept { return out_.size(); }

  // The cursor of a schedule, if it has changed since it was asked for.
  [[nodiscard]] std::optional<std::string> changed_cursor(std::size_t schedule);
  // Whether something is due and not out.
  [[nodiscard]] bool waits(std::size_t schedule, std::int64_t unix_ms) const;
  // What is due and not out, counted up to lag_max.
  [[nodiscard]] waiting lag(std::size_t schedule, std::int64_t unix_ms) const;

 private:
  // A fire that was decided on and is not settled.
  struct open_fire {
    std::uint32_t attempt = 1;
    std::uint64_t token = 0;          // 0: it is not out
    std::uint64_t not_before_ns = 0;  // of a retry
  };
  struct state {
    std::int64_t next_ms = 0;  // the first due time not decided on
    std::map<std::int64_t, open_fire> open;
    bool changed = false;
  };
  struct place {
    std::size_t schedule;
    std::int64_t due_ms;
  };

  void follow_the_clock(std::int64_t unix_ms);
  void decide(std::size_t schedule, std::int64_t unix_ms, std::size_t room);

  const std::vector<schedule> schedules_;
  std::vector<state> states_;
  std::unordered_map<std::uint64_t, place> out_;  // by token
  std::uint64_t last_token_ = 0;
  std::int64_t seen_ms_ = 0;  // the wall clock at the last take()
  std::size_t turn_ = 0;      // the schedule that is looked at first
};

}  // namespace cron_activator
