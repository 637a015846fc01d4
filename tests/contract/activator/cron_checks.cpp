#include "contract/activator/cron_checks.hpp"

#include <chrono>
#include <memory>
#include <set>
#include <thread>

#include "contract/activator/bench.hpp"

namespace contract {
namespace {

using namespace std::chrono_literals;
namespace c = std::chrono;

std::int64_t at(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  const c::sys_days date = c::year(year) / static_cast<int>(month) / static_cast<int>(day);
  return c::duration_cast<c::milliseconds>(date.time_since_epoch() + c::hours(hour) +
                                           c::minutes(minute))
      .count();
}

std::string config_of(const std::string& schedules) {
  return R"({"schedules": [)" + schedules + "]}";
}
std::string every(const std::string& period, const std::string& missed) {
  return config_of(R"({"name": "s", "every": ")" + period + R"(", "missed": ")" + missed + R"("})");
}

// The schedules of one config over time, with one instance after the other.
struct story {
  story(const target& t, cron_broker& with, std::string of, std::int64_t begins_ms)
      : time(with), b(t, with), config(std::move(of)) {
    time.starts_at(begins_ms);
  }
  cron_broker& time;
  bench b;
  std::string config;
  std::unique_ptr<source_client> client;

  // A started instance that has taken up its cursors.
  source_client& start(std::uint32_t window = 100) {
    client = b.bare_client(config);
    client->wait_serving(true);
    client->set_window(window);
    return *client;
  }
  void down(c::milliseconds how_long) {
    client.reset();
    time.starts_at(time.now_ms() + how_long.count());
  }
  // The due times of what comes next, all acknowledged.
  std::vector<std::int64_t> acknowledged(std::size_t n) {
    std::vector<std::int64_t> out;
    for (const seen& one : client->take(n)) {
      out.push_back(std::stoll(*one.header("cron-due")));
      client->settle(one, SPAWN_ACK);
    }
    return out;
  }
  void verify() {
    client.reset();
    b.verify();
  }
};

void require_due(const std::vector<std::int64_t>& got, const std::vector<std::int64_t>& expected,
                 const std::string& what) {
  std::string text;
  for (const std::int64_t one : got) {
    text += " " + std::to_string(one);
  }
  require(got == expected, what + ": due" + text);
}

void a_fire_says_who_what_and_when(story& s) {
  auto& client = s.start();
  s.time.move_clock(1h);
  const seen one = client.take_one();
  require_equal(one.source, std::string("nightly"), "source");
  require_equal(one.system, std::string("shop"), "system");
  require_equal(one.parent, std::string("till"), "parent");
  require_equal(one.name, std::string("till-1"), "actor");
  require_equal(one.register_ref, std::string("till"), "register_ref");
  require_equal(one.action, std::string("close"), "action");
  require_equal(one.payload, std::string(R"({"day":7})"), "payload");
  require_equal(one.content_type, std::string("application/json"), "content_type");
  require_equal(one.order_key, std::string("nightly"), "order_key");
  const std::string due = std::to_string(at(2026, 6, 1, 8));
  require_equal(one.dedup_id, "nightly/" + due, "dedup_id");
  require_equal(*one.header("cron-schedule"), std::string("nightly"), "cron-schedule");
  require_equal(*one.header("cron-due"), due, "cron-due");
  require_equal(*one.header("cron-due-utc"), std::string("2026-06-01T08:00:00Z"), "cron-due-utc");
  client.settle(one, SPAWN_ACK);
}

void without_a_payload_there_is_none(story& s) {
  auto& client = s.start();
  s.time.move_clock(10s);
  const seen one = client.take_one();
  require(one.presence == SPAWN_P_UNSET && one.content_type.empty() && one.name.empty() &&
              one.action.empty(),
          "something that the config does not say");
  client.settle(one, SPAWN_ACK);
}

void a_left_out_hour_comes_right_after(story& s) {
  auto& client = s.start();
  s.time.move_clock(13h);  // 29 March 01:00 UTC: clocks go from 02:00 to 03:00
  require_due(s.acknowledged(1), {at(2026, 3, 29, 1)}, "02:30 on the day that has none");
  s.time.move_clock(24h);
  require_due(s.acknowledged(1), {at(2026, 3, 30, 0, 30)}, "02:30 on the next day");
  client.stays_quiet("besides");
}

void an_hour_that_comes_twice_fires_once(story& s) {
  auto& client = s.start();
  for (int hour = 0; hour < 24; ++hour) {
    s.time.move_clock(1h);
  }
  require_due(s.acknowledged(1), {at(2026, 10, 25, 0, 30)}, "02:30 on the long day");
  client.stays_quiet("for the second 02:30");
  s.time.move_clock(24h);
  require_due(s.acknowledged(1), {at(2026, 10, 26, 1, 30)}, "02:30 on the next day");
}

void the_past_does_not_fire_at_a_first_start(story& s) {
  auto& client = s.start();
  client.stays_quiet("at a first start");
  s.time.move_clock(10min);
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 10)}, "the first");
}

void missed_all_fires_each(story& s) {
  s.start();
  s.down(35min);
  s.start();
  require_due(s.acknowledged(3),
              {at(2026, 6, 1, 7, 10), at(2026, 6, 1, 7, 20), at(2026, 6, 1, 7, 30)},
              "after 35 minutes");
  s.client->stays_quiet("besides");
}

void missed_once_fires_one(story& s) {
  s.start();
  s.down(35min);
  s.start();
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 10)}, "after 35 minutes");
  s.client->stays_quiet("besides");
  s.time.move_clock(5min);
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 40)}, "then");
}

void missed_skip_fires_none(story& s) {
  s.start();
  s.down(35min);
  s.start();
  s.client->stays_quiet("that were missed");
  s.time.move_clock(5min);
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 40)}, "then");
}

void what_was_out_comes_again_whatever_was_missed(story& s) {
  auto& first = s.start();
  s.time.move_clock(10min);
  const std::string id = first.take_one().dedup_id;
  s.down(35min);
  const seen again = s.start().take_one();
  require_equal(again.dedup_id, id, "dedup_id of the fire that was out");
  s.client->settle(again, SPAWN_ACK);
  s.client->stays_quiet("besides");
  s.down(1min);
  s.start().stays_quiet("when it is settled");
}

void a_retry_is_counted_over_a_restart(story& s) {
  auto& first = s.start();
  s.time.move_clock(10min);
  const seen one = first.take_one();
  first.settle(one, SPAWN_RETRY, 60'000);
  first.stays_quiet("before the delay has passed");
  s.time.move_clock(1min);
  require_equal(std::uint64_t{first.take_one().attempt}, std::uint64_t{2}, "attempt");
  s.down(1s);
  require_equal(std::uint64_t{s.start().take_one().attempt}, std::uint64_t{2},
                "attempt after a restart");
}

void two_kernels_name_a_fire_alike(const target& t, cron_broker& time) {
  // Started at different moments; periods and expressions agree all the same.
  const std::int64_t seven = at(2026, 6, 1, 7);
  std::set<std::string> expected = {"c/" + std::to_string(seven + 30'000)};
  for (std::int64_t due = seven / 7'000 * 7'000; due <= seven + 50'000; due += 7'000) {
    if (due > seven + 10'000) {
      expected.insert("p/" + std::to_string(due));
    }
  }
  for (const std::int64_t late_ms : {0, 3'456}) {
    story s(t, time, config_of(R"({"name": "p", "every": "7s", "missed": "all"},
                         {"name": "c", "cron": "*/30 * * * * *", "missed": "all"})"),
            seven + late_ms);
    auto& client = s.start();
    s.time.move_clock(50s);
    auto missing = expected;
    while (!missing.empty()) {
      const seen one = client.take_one();
      missing.erase(one.dedup_id);
      client.settle(one, SPAWN_ACK);
    }
    s.verify();
  }
}

void a_clock_that_is_set_back_does_not_silence(story& s) {
  auto& client = s.start();
  s.time.move_clock(10min);
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 10)}, "before");
  client.host().clock.jump_wall(-2h);
  client.stays_quiet("because the clock was set back");
  s.time.move_clock(10min);  // it is 05:20
  require_due(s.acknowledged(1), {at(2026, 6, 1, 5, 20)}, "after the clock was set back");
}

void a_clock_that_is_set_forward_misses(story& s) {
  auto& client = s.start();
  client.host().clock.jump_wall(2h);
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 10)}, "once");
  client.stays_quiet("besides");
}

void other_times_begin_anew(story& s) {
  s.start();
  s.down(35min);
  s.config = every("20m", "all");
  s.start().stays_quiet("of times that are not in the config any more");
  s.time.move_clock(5min);
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 40)}, "the new times");
}

void a_cursor_that_can_not_be_read_begins_anew(story& s) {
  s.start();
  s.down(35min);
  s.b.kept().cursors["s"] = "rubbish";
  auto& client = s.start();
  client.stays_quiet("after the cursor was lost");
  bool said = false;
  for (const auto& line : client.host().log()) {
    said = said || line.text.find("cursor can not be read") != std::string::npos;
  }
  require(said, "nothing about it in the log");
}

void a_full_window_is_time_missed(story& s) {
  auto& client = s.start(1);
  s.time.move_clock(10min);
  const seen held = client.take_one();
  s.time.move_clock(30min);
  client.stays_quiet("beyond the window");
  client.settle(held, SPAWN_ACK);
  require_due(s.acknowledged(1), {at(2026, 6, 1, 7, 20)}, "one for all that were missed");
  client.stays_quiet("besides");
}

void schedules_share_a_small_window(story& s) {
  auto& client = s.start(1);
  std::set<std::string> sources;
  for (int i = 0; i < 12; ++i) {
    s.time.move_clock(10s);
    const seen one = client.take_one();
    sources.insert(one.source);
    client.settle(one, SPAWN_ACK);
  }
  require_equal(sources.size(), std::size_t{3}, "schedules that got through");
}

void unsettled_fires_are_bounded(story& s) {
  auto& client = s.start(1'000);
  s.time.move_clock(200s);
  const auto held = client.take(64);
  client.stays_quiet("beyond 64 of one schedule");
  client.settle(held, SPAWN_ACK);
  for (const std::size_t n : {64, 64, 8}) {
    (void)s.acknowledged(n);
  }
  client.stays_quiet("when all 200 came");
}

using told = void (*)(story&);

check one(cron_broker& time, const char* name, std::string config, std::int64_t begins_ms,
          told run) {
  return {std::string("cron.") + name, [&time, config, begins_ms, run](const target& t) {
            story s(t, time, config, begins_ms);
            run(s);
            s.verify();
          }};
}

}  // namespace

std::vector<check> cron_checks(cron_broker& time) {
  const std::int64_t seven = at(2026, 6, 1, 7);
  const std::string half_past_two =
      config_of(R"({"name": "s", "cron": "30 2 * * *", "time_zone": "Europe/Paris"})");
  std::vector<check> out = {
      one(time, "a_fire_says_who_what_and_when",
          config_of(R"({"name": "nightly", "cron": "0 8 * * *", "payload": {"day": 7},
                        "system": "shop", "parent": "till", "actor": "till-1", "register_ref": "till",
                        "action": "close"})"),
          seven, a_fire_says_who_what_and_when),
      one(time, "without_a_payload_there_is_none", every("10s", "once"), seven,
          without_a_payload_there_is_none),
      one(time, "a_left_out_hour_comes_right_after", half_past_two, at(2026, 3, 28, 12),
          a_left_out_hour_comes_right_after),
      one(time, "an_hour_that_comes_twice_fires_once", half_past_two, at(2026, 10, 24, 12),
          an_hour_that_comes_twice_fires_once),
      {"cron.two_kernels_name_a_fire_alike",
       [&time](const target& t) { two_kernels_name_a_fire_alike(t, time); }},
      one(time, "schedules_share_a_small_window",
          config_of(R"({"name": "a", "every": "1s"}, {"name": "b", "every": "1s"},
                       {"name": "c", "every": "1s"})"),
          seven, schedules_share_a_small_window),
      one(time, "unsettled_fires_are_bounded", every("1s", "all"), seven,
          unsettled_fires_are_bounded),
  };
  struct row {
    const char* name;
    const char* missed;
    told run;
  };
  for (const row& r : {
           row{"the_past_does_not_fire_at_a_first_start", "all",
               the_past_does_not_fire_at_a_first_start},
           row{"missed_all_fires_each", "all", missed_all_fires_each},
           row{"missed_once_fires_one", "once", missed_once_fires_one},
           row{"missed_skip_fires_none", "skip", missed_skip_fires_none},
           row{"what_was_out_comes_again_whatever_was_missed", "skip",
               what_was_out_comes_again_whatever_was_missed},
           row{"a_retry_is_counted_over_a_restart", "once", a_retry_is_counted_over_a_restart},
           row{"a_clock_that_is_set_back_does_not_silence", "once",
               a_clock_that_is_set_back_does_not_silence},
           row{"a_clock_that_is_set_forward_misses", "once", a_clock_that_is_set_forward_misses},
           row{"other_times_begin_anew", "all", other_times_begin_anew},
           row{"a_cursor_that_can_not_be_read_begins_anew", "all",
               a_cursor_that_can_not_be_read_begins_anew},
           row{"a_full_window_is_time_missed", "once", a_full_window_is_time_missed},
       }) {
    out.push_back(one(time, r.name, every("10m", r.missed), seven, r.run));
  }
  return out;
}

}  // namespace contract
