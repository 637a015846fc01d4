// One step of a workflow plugin, and what its commands are in the kernel's terms. One per lane.
#pragma once
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/invocation.hpp"
#include "plugin/ports/workflow_port.hpp"

namespace spawn {

// Views that the ABI borrows for the length of a step.
[[nodiscard]] spawn_actor_ref ref_of(actor_view id) noexcept;
[[nodiscard]] spawn_payload abi_payload(payload_view from) noexcept;
[[nodiscard]] std::vector<spawn_kv> abi_metadata(const invocation& of);

// The bytes as they came when the command hands a payload through, so that nothing is repacked.
[[nodiscard]] payload kernel_payload(const spawn_payload& from, payload_view request,
                                     payload_view response);

// What an INVOKE command sends; hops and deadline are the caller's to set. invalid, too_large: no
// actor can have that name, or it has too much metadata. It is charged to `budget`.
[[nodiscard]] result<invocation_ptr> make_invocation(const spawn_wf_command& command,
                                                     payload_view request, payload_view response,
                                                     const trace_context& trace,
                                                     byte_budget& budget);

// [lane]
class step_runner {
 public:
  explicit step_runner(lane& home) : lane_(home) {}

  [[nodiscard]] lane& home() noexcept { return lane_; }
  // A cleared step to fill in; every one is run, which gives it back.
  [[nodiscard]] step_op& begin();
  // Runs it, hands each command to `take`, and releases what the plugin gave. The error of a step
  // that failed begins with `what`. A plugin that does not end a step inside submit is faulted
  // here, with its name; so is one that gives too much.
  template <class F>
  [[nodiscard]] result<void> run(workflow_port& port, step_op& step, std::string_view what,
                                 F&& take) {
    SPAWN_CHECK(submit(port, step, what));
    result<void> taken;
    const auto* at = reinterpret_cast<const char*>(step.raw.out);
    for (std::uint32_t i = 0; taken && i < step.raw.n_out; ++i, at += step.raw.out_stride) {
      taken = take(*reinterpret_cast<const spawn_wf_command*>(at));
    }
    end(step);
    return taken;
  }

 private:
  [[nodiscard]] result<void> submit(workflow_port& port, step_op& step, std::string_view what);
  void end(step_op& step);

  lane& lane_;
  op_slab<step_op> steps_;
};

}  // namespace spawn
