// What a step of an errand gives back: commands, and the bytes they point to.
#pragma once
#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "plugin/ports/workflow_port.hpp"

namespace sim {

struct errand_commands {
  std::vector<spawn_wf_command> all;
  std::deque<std::string> texts;

  spawn_slice keep(std::string text) {
    return spawn::slice_of(texts.emplace_back(std::move(text)));
  }
  spawn_wf_command& add(std::uint32_t what) {
    auto& made = all.emplace_back();
    made.struct_size = sizeof made;
    made.kind = what;
    return made;
  }
  // In front, so that the calls and timers of a first step find a flow to belong to.
  void put_scratch(std::string bytes, std::uint32_t schema) {
    auto& c = add(SPAWN_WF_SCRATCH);
    c.bytes = keep(std::move(bytes));
    c.schema = schema;
    std::rotate(all.begin(), all.end() - 1, all.end());
  }
  // With call 0 nobody waits.
  void reply(std::uint64_t call, std::string bytes) {
    if (call != 0) {
      auto& c = add(SPAWN_WF_REPLY);
      c.reply_to = call;
      c.payload.presence = SPAWN_P_VALUE;
      c.payload.type_url = spawn::slice_of("sim/Errand");
      c.payload.value = keep(std::move(bytes));
    }
  }
  // `why` is a constant.
  void refuse(std::uint64_t call, spawn_status code, const char* why) {
    if (call != 0) {
      auto& c = add(SPAWN_WF_FAIL);
      c.reply_to = call;
      c.code = code;
      c.bytes = spawn::slice_of(why);
    }
  }
  spawn_wf_command& invoke(spawn_slice system, const std::string& to, std::uint32_t mode,
                           std::uint64_t token) {
    auto& c = add(SPAWN_WF_INVOKE);
    c.mode = mode;
    c.token = token;
    c.to = {system, {}, keep(to)};
    c.action = spawn::slice_of("append");
    c.payload.presence = SPAWN_P_VALUE;
    c.payload.type_url = spawn::slice_of("sim/Entries");
    return c;
  }
  void set_timer(std::uint64_t token, std::int64_t due_ms) {
    auto& c = add(SPAWN_WF_SET_TIMER);
    c.token = token;
    c.due_unix_ms = due_ms;
  }
};

// The kernel releases them.
inline void give(std::unique_ptr<errand_commands> made, spawn_wf_step& to) {
  to.out = made->all.data();
  to.n_out = static_cast<std::uint32_t>(made->all.size());
  to.out_stride = sizeof(spawn_wf_command);
  to.out_owner.ptr = made.get();
  to.out_owner.ctx = made.release();
  to.out_owner.release = [](void* ctx, const void*, std::uint64_t) {
    delete static_cast<errand_commands*>(ctx);
  };
}

}  // namespace sim
