#include "timetable.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "spawn/plugin/activator.h"

namespace cron_activator {
namespace {

// The wall clock may go back by so much without anything being done about it.
constexpr std::int64_t clock_slack_ms = 1'000;

// The first due time after the moment. Periods count from 1970, so that every kernel agrees.
std::int64_t due_after(const spawn::reminder_spec& times, std::int64_t unix_ms) {
  return spawn::next_due(times, 0, unix_ms);
}

// What a cursor is valid for.
std::string times_text(const spawn::reminder_spec& times) {
  return times.cron.empty() ? "every " + std::to_string(times.every_ms)
                            : times.cron + " " + times.zone;
}

}  // namespace

timetable::timetable(std::vector<schedule> schedules)
    : schedules_(std::move(schedules)), states_(schedules_.size()) {}

bool timetable::begin(std::size_t index, const std::optional<std::string>& cursor,
                      std::int64_t unix_ms) {
  const spawn::reminder_spec& times = schedules_[index].times;
  state& s = states_[index];
  s = state{due_after(times, unix_ms), {}, true};
  if (!cursor) {
    return true;
  }
  const auto raw = nlohmann::json::parse(*cursor, nullptr, false);
  if (!raw.is_object() || !raw.contains("times") || !raw.contains("next") ||
      !raw["next"].is_number_integer() || !raw.contains("open") || !raw["open"].is_array()) {
    return false;
  }
  if (raw["times"] != times_text(times)) {
    return true;
  }
  s.next_ms = std::min(s.next_ms, raw["next"].get<std::int64_t>());
  for (const auto& one : raw["open"]) {
    if (one.is_array() && one.size() == 2 && one[0].is_number_integer() &&
        one[1].is_number_unsigned() && s.open.size() < open_fires_max) {
      s.open[one[0].get<std::int64_t>()].attempt = one[1].get<std::uint32_t>();
    }
  }
  return true;
}

void timetable::follow_the_clock(std::int64_t unix_ms) {
  if (unix_ms < seen_ms_ - clock_slack_ms) {
    // Set back: what comes again has the dedup_id it had before.
    for (std::size_t i = 0; i < schedules_.size(); ++i) {
      const std::int64_t next = due_after(schedules_[i].times, unix_ms);
      states_[i].changed = states_[i].changed || next < states_[i].next_ms;
      states_[i].next_ms = std::min(states_[i].next_ms, next);
    }
  }
  seen_ms_ = unix_ms;
}

void timetable::decide(std::size_t index, std::int64_t unix_ms, std::size_t room) {
  state& s = states_[index];
  if (s.next_ms > unix_ms || s.open.size() >= open_fires_max) {
    return;
  }
  const auto made = spawn::fire(schedules_[index].times, s.next_ms, unix_ms,
                                std::min(room, open_fires_max - s.open.size()));
  for (const std::int64_t due_ms : made.calls) {
    s.open.try_emplace(due_ms);
  }
  s.next_ms = made.next_due;
  s.changed = true;
}

std::vector<fire_ref> timetable::take(std::int64_t unix_ms, std::uint64_t now_ns,
                                      std::size_t room) {
  follow_the_clock(unix_ms);
  std::vector<fire_ref> out;
  const std::size_t first = turn_;
  for (std::size_t n = 0; n < schedules_.size() && out.size() < room; ++n) {
    const std::size_t index = (first + n) % schedules_.size();
    decide(index, unix_ms, room - out.size());
    for (auto& [due_ms, fire] : states_[index].open) {
      if (fire.token == 0 && fire.not_before_ns <= now_ns && out.size() < room) {
        fire.token = ++last_token_;
        out_.insert({fire.token, {index, due_ms}});
        out.push_back({index, due_ms, fire.attempt, fire.token});
      }
    }
    turn_ = (index + 1) % schedules_.size();  // who comes after the one that took the last room
  }
  return out;
}

void timetable::give_back(const fire_ref& fire) {
  settle(fire.token, SPAWN_RELEASE, 0, 0);
}

void timetable::settle(std::uint64_t token, std::uint32_t verdict, std::uint32_t delay_ms,
                       std::uint64_t now_ns) {
  const auto at = out_.find(token);
  if (at == out_.end() || verdict == SPAWN_EXTEND) {
    return;
  }
  state& s = states_[at->second.schedule];
  const auto fire = s.open.find(at->second.due_ms);
  out_.erase(at);
  if (verdict == SPAWN_ACK || verdict == SPAWN_DEAD) {
    s.open.erase(fire);
    s.changed = true;
    return;
  }
  fire->second.token = 0;
  if (verdict == SPAWN_RETRY) {
    ++fire->second.attempt;
    fire->second.not_before_ns = now_ns + std::uint64_t{delay_ms} * 1'000'000;
    s.changed = true;
  }
}

std::optional<std::string> timetable::changed_cursor(std::size_t index) {
  state& s = states_[index];
  if (!std::exchange(s.changed, false)) {
    return std::nullopt;
  }
  auto open = nlohmann::json::array();
  for (const auto& [due_ms, fire] : s.open) {
    open.push_back({due_ms, fire.attempt});
  }
  return nlohmann::json{{"times", times_text(schedules_[index].times)},
                        {"next", s.next_ms},
                        {"open", std::move(open)}}
      .dump();
}

bool timetable::waits(std::size_t index, std::int64_t unix_ms) const {
  const state& s = states_[index];
  return s.next_ms <= unix_ms || std::any_of(s.open.begin(), s.open.end(),
                                             [](const auto& one) { return one.second.token == 0; });
}

waiting timetable::lag(std::size_t index, std::int64_t unix_ms) const {
  const state& s = states_[index];
  waiting out;
  std::int64_t oldest = unix_ms;
  for (const auto& [due_ms, fire] : s.open) {
    if (fire.token == 0) {
      ++out.messages;
      oldest = std::min(oldest, due_ms);
    }
  }
  const auto due = spawn::fire(schedules_[index].times, s.next_ms, unix_ms, lag_max).calls;
  if (!due.empty()) {
    out.messages += due.size();
    oldest = std::min(oldest, due.front());
  }
  out.oldest_ms = static_cast<std::uint64_t>(unix_ms - oldest);
  return out;
}

}  // namespace cron_activator
