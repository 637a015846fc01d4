// scatter_flow: one step of a scatter's own actor, from scratch to commands. Lives for one step.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scatter-gather/state.hpp"

namespace spawn::plugin::scatter {

class scatter_flow {
 public:
  scatter_flow(const definition& def, const spawn_wf_step& in, step_output& out)
      : def_(def), in_(in), out_(out) {}

  void run();

 private:
  struct refusal {
    spawn_status code;
    std::string why;
  };
  struct outgoing {
    flows::rendered_call call;
    std::size_t target = 0;
  };

  void event();
  void call();
  std::optional<refusal> start();
  void unfold();  // targets_ and calls from the definition; throws render_error
  void add_target(const target_definition& from, std::string name, flows::source_values& values);
  void record_result(target_record& t, std::size_t index);
  void record_failure(target_record& t);
  // Ends the gathering if there is enough, or nothing more to wait for.
  void judge();
  void end(gather_state state);
  enum class answer_with { nothing, status, outcome };
  void finish(answer_with caller);
  void flush_calls();

  const definition& def_;
  const spawn_wf_step& in_;
  step_output& out_;
  std::optional<scatter_state> state_;
  std::vector<outgoing> calls_;
  bool started_now_ = false, ended_now_ = false, forgets_ = false;
};

}  // namespace spawn::plugin::scatter
