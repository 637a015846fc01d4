// flow_driver: a kernel's flow engine in memory, small enough to see through. It keeps the scratch
// of each virtual actor, carries commands out, and brings results, failures and timers back by a
// simulated clock.
//
// Every step is run twice, as after a crash before its commit: the second time with attempt + 1 on
// the scratch of before. Both must give the same commands. Thread: the test's.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "contract/workflow/plugin_under_test.hpp"

namespace spawn::contract {

// What becomes of one INVOKE. It takes effect after `after_ms`, and its outcome is back then.
struct world_answer {
  spawn_status status = SPAWN_OK;
  contract::payload payload;
  std::string error;
  std::int64_t after_ms = 1;
  bool never = false;  // no outcome comes back
};

// A request's answer: REPLY, FAIL or the step's own error.
struct call_answer {
  spawn_status status = SPAWN_OK;
  contract::payload payload;
  std::string error;
};

struct sent_call {
  std::int64_t at = 0;
  command what;
};

class flow_driver {
 public:
  using world = std::function<world_answer(const command&)>;

  flow_driver(const std::string& plugin, const std::string& config);

  // Calls the virtual actor; the id of the request.
  std::uint64_t call(const std::string& parent, const std::string& name, const std::string& action,
                     contract::payload request = {}, std::int64_t deadline = 0);
  // Same, with the answer, which must have come by now.
  call_answer ask(const std::string& parent, const std::string& name, const std::string& action,
                  contract::payload request = {});
  // An event that no command caused: RECOVERED, CANCEL, or anything else on an outcome or timer.
  void event(const std::string& parent, const std::string& name, step s);

  // Carries out what is due, one thing at a time. False: nothing was left, or the next thing is
  // due after `until`.
  bool next(std::int64_t until = no_end);
  void run(std::int64_t until = no_end);

  [[nodiscard]] const call_answer* answer(std::uint64_t request) const;
  [[nodiscard]] std::string scratch(const std::string& parent, const std::string& name) const;
  [[nodiscard]] bool exists(const std::string& parent, const std::string& name) const;
  [[nodiscard]] std::string describe(const std::string& parent, const std::string& name) const;
  [[nodiscard]] plugin_under_test& plugin() { return *plugin_; }
  // Another instance of the plugin takes the flows over, with another configuration.
  void reconfigure(const std::string& config);

  static constexpr std::int64_t no_end = INT64_MAX;
  std::int64_t now = 1'700'000'000'000;
  world answers = [](const command&) { return world_answer{}; };
  std::vector<sent_call> sent;  // every INVOKE, in order
  std::size_t largest_scratch = 0;
  std::uint64_t steps_run = 0;

 private:
  struct flow {
    actor self;
    std::string scratch;
    std::uint32_t schema = 0;
    std::uint64_t flow_id = 0;
    std::set<std::uint64_t> waits, timers, tokens_used;
  };
  struct pending {
    std::string key;
    std::uint64_t flow_id = 0;
    bool is_timer = false;
    step event;
  };

  void run_step(flow& f, step s);
  void carry_out(flow& f, const command& c);
  void invoke(flow& f, const command& c);
  flow& flow_of(const std::string& parent, const std::string& name);

  std::string plugin_name_;
  std::unique_ptr<plugin_under_test> plugin_;
  std::map<std::string, flow> flows_;
  std::multimap<std::int64_t, pending> due_;
  std::map<std::uint64_t, call_answer> answers_;
  std::uint64_t last_call_ = 0, last_flow_ = 0;
};

// JSON as payload, and back.
[[nodiscard]] contract::payload json_of(const std::string& text);
[[nodiscard]] std::string text_of(const contract::payload& p);

}  // namespace spawn::contract
