// cron_broker: the driver of the cron activator. Its source is time itself: to publish is to let
// one period pass, and each message is the fire of that moment.
#pragma once
#include <map>
#include <string>

#include "contract/activator/broker.hpp"
#include "contract/common/check.hpp"

namespace contract {

class cron_broker : public broker {
 public:
  [[nodiscard]] broker_traits traits() const override {
    broker_traits out;
    out.bodies = false;  // of the config
    out.headers = false;
    out.outlives = false;  // the clock is the test's
    out.real_time = false;
    return out;
  }
  // Another instance goes on where the clock of the one before was.
  void clock_is(spawn::plugin::testing::manual_clock& clock) override {
    clock.advance(std::chrono::milliseconds(now_ms_ - clock.unix_ms()));
    clock_ = &clock;
  }
  // Verdicts are on their way to the session: they count from a moment before the clock moves.
  void pass(std::chrono::milliseconds time) override {
    std::this_thread::sleep_for(quiet());
    move_clock(time);
  }
  void move_clock(std::chrono::milliseconds time) {
    now_ms_ += time.count();
    clock_->advance(time);
  }
  std::string fresh_config() override {
    return R"({"schedules": [{"name": "tick", "every": "1s", "missed": "all"}]})";
  }
  void publish(std::span<const letter> letters) override {
    for (const letter& one : letters) {
      move_clock(std::chrono::seconds(1));
      bodies_["tick/" + std::to_string(now_ms_ / 1'000 * 1'000)] = one.body;
    }
  }
  [[nodiscard]] std::string mark(const std::string&, const std::string& dedup_id) const override {
    const auto at = bodies_.find(dedup_id);
    return at == bodies_.end() ? dedup_id : at->second;
  }
  [[nodiscard]] std::vector<bad_config> bad_configs() override {
    return {
        {R"({})", "schedules"},
        {R"({"schedules": []})", "schedules"},
        {R"({"schedules": [{"cron": "* * * * *"}]})", "schedules[0].name"},
        {R"({"schedules": [{"name": "a"}]})", "schedules[0].cron"},
        {R"({"schedules": [{"name": "a", "cron": "* * * * *", "every": "5s"}]})",
         "schedules[0].cron"},
        {R"({"schedules": [{"name": "a", "cron": "61 * * * *"}]})", "schedules[0].cron"},
        {R"({"schedules": [{"name": "a", "cron": "0 0 31 2 *"}]})", "schedules[0].cron"},
        {R"({"schedules": [{"name": "a", "every": "5 s"}]})", "schedules[0].every"},
        {R"({"schedules": [{"name": "a", "every": "5s", "missed": "some"}]})",
         "schedules[0].missed"},
        {R"({"schedules": [{"name": "a", "cron": "@daily", "time_zone": "Mars/Olympus"}]})",
         "schedules[0].time_zone"},
        {R"({"schedules": [{"name": "a", "every": "5s", "who": "b"}]})", "schedules[0].who"},
        {R"({"schedules": [{"name": "a", "every": "5s"}, {"name": "a", "every": "6s"}]})",
         "schedules[1].name"},
        {R"({"schedules": [{"name": "a", "every": "5s", "actor": "x"}]})", "schedules[0].action"},
        {R"({"schedules": [{"name": "a", "every": "5s", "action": "x"}]})", "schedules[0].actor"},
        {R"({"time_zone": "Nowhere", "schedules": [{"name": "a", "every": "5s"}]})", "time_zone"},
    };
  }

  // The moment at which the next instance starts, in Unix milliseconds.
  void starts_at(std::int64_t unix_ms) { now_ms_ = unix_ms; }
  [[nodiscard]] std::int64_t now_ms() const { return now_ms_; }

 private:
  spawn::plugin::testing::manual_clock* clock_ = nullptr;
  std::int64_t now_ms_ = 1'700'000'000'000;
  std::map<std::string, std::string> bodies_;  // by dedup_id
};

}  // namespace contract
