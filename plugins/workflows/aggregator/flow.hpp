// aggregate_flow: one step of an aggregate's own actor, from scratch to commands. Lives for one
// step.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregator/definition.hpp"
#include "aggregator/state.hpp"

namespace spawn::plugin::aggregator {

class aggregate_flow {
 public:
  aggregate_flow(const definition& def, const spawn_wf_step& in, step_output& out)
      : def_(def), in_(in), out_(out) {}

  void run();

 private:
  struct refusal {
    spawn_status code;
    std::string why;
  };
  struct outgoing {
    flows::rendered_call call;
    std::string batch;
  };

  void run_event();
  // requests.cpp
  void call();
  std::optional<refusal> add(flows::json& answer);
  std::optional<refusal> flush(flows::json& answer);
  std::optional<refusal> key_of_request(std::string& key) const;
  std::optional<refusal> open(std::string key);  // a new batch, the last of them
  // flow.cpp
  void on_timer();
  void send(std::size_t index);  // the batch, which is gone then
  void send_all();
  void create();
  void set_timer(std::uint64_t& slot, std::uint64_t after_ms);
  void cancel_timer(std::uint64_t& slot);
  [[nodiscard]] std::optional<std::size_t> find(std::string_view key) const;
  void finish();

  const definition& def_;
  const spawn_wf_step& in_;
  step_output& out_;
  std::optional<aggregate_state> state_;
  std::vector<outgoing> calls_;
  std::vector<std::uint64_t> drops_;
  std::vector<std::pair<std::uint64_t, std::int64_t>> timers_;
  bool forgets_ = false;
};

}  // namespace spawn::plugin::aggregator
