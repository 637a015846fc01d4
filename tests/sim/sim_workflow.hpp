// The workflows of a simulated world: effect, broadcast and pipe in the host's answers; errands.
#pragma once
#include <string>
#include <vector>

#include "plugin/ports/workflow_port.hpp"
#include "sim/errand.hpp"
#include "sim/errand_steps.hpp"
#include "sim/messages.hpp"

namespace sim {

// Pure and inline, as a workflow plugin is. One per kernel, for all lanes: it keeps nothing.
class sim_workflow final : public spawn::workflow_port {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "sim"; }
  [[nodiscard]] const std::vector<std::string>& part_types() const noexcept override {
    return types_;
  }
  [[nodiscard]] const std::vector<std::string>& virtual_parents() const noexcept override {
    return parents_;
  }
  [[nodiscard]] bool accepts_scratch(std::uint32_t schema) const noexcept override {
    return schema == errand_schema;
  }
  [[nodiscard]] spawn::result<std::string> describe(std::uint32_t,
                                                    std::string_view) const override {
    return spawn::fail(spawn::errc::unsupported, "nothing to describe");
  }
  void submit(spawn::lane&, std::span<spawn_op* const> ops) override {
    for (spawn_op* op : ops) {
      auto& step = reinterpret_cast<spawn_wf_step&>(*op);
      if (step.event == SPAWN_WF_BEGIN) {
        run(step);
      } else {
        run_errand_step(step);
      }
      static_cast<void>(spawn::port_op::end(step.op));
    }
  }

 private:
  struct output {
    part from;
    std::string id;
    spawn_wf_command command{};
  };
  static void run(spawn_wf_step& step) {
    auto* out = new output;
    out->from = decode_part(spawn::view_of(step.part));
    out->id = id_bytes(out->from.id);
    auto& c = out->command;
    c.struct_size = sizeof c;
    c.kind = out->from.kind == 'B' ? SPAWN_WF_BROADCAST : SPAWN_WF_INVOKE;
    c.mode = out->from.kind == 'P' ? SPAWN_WF_ROUTE : SPAWN_WF_DETACH;
    c.to = {step.self.system, {}, spawn::slice_of(out->from.to)};
    if (out->from.kind == 'B') {
      c.channel = spawn::slice_of(channel_name);
    } else {
      c.action = spawn::slice_of("append");
    }
    if (out->from.kind == 'S') {
      c.due_unix_ms = step.now_unix_ms + 20 + static_cast<std::int64_t>(out->from.id % 400);
    }
    c.payload.presence = SPAWN_P_VALUE;
    c.payload.type_url = spawn::slice_of("sim/Entries");
    c.payload.value = spawn::slice_of(out->id);
    step.out = &c;
    step.n_out = 1;
    step.out_stride = sizeof c;
    step.out_owner.ptr = out;
    step.out_owner.ctx = out;
    step.out_owner.release = [](void* ctx, const void*, std::uint64_t) {
      delete static_cast<output*>(ctx);
    };
    step.op.status = SPAWN_OK;
  }
  std::vector<std::string> types_{"effect", "broadcast", "pipe"};
  std::vector<std::string> parents_{std::string(errand_parent)};
};

}  // namespace sim
