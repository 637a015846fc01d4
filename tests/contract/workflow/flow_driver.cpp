#include "contract/workflow/flow_driver.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "contract/workflow/part_bytes.hpp"
#include "contract/workflow/plugin_files.hpp"

namespace spawn::contract {

contract::payload json_of(const std::string& text) {
  return {SPAWN_P_VALUE, "type.googleapis.com/spawn.JSONType", part_bytes().text(1, text)};
}

std::string text_of(const contract::payload& p) {
  spawn_wire_reader r = spawn_wire_read({p.value.data(), p.value.size()});
  spawn_wire_field f;
  std::string out;
  while (spawn_wire_next(&r, &f)) {
    if (f.number == 1) {
      out.assign(static_cast<const char*>(f.bytes.ptr), f.bytes.len);
    }
  }
  return out;
}

flow_driver::flow_driver(const std::string& plugin, const std::string& config)
    : plugin_name_(plugin), plugin_(plugin_under_test::open(plugin_file(plugin), config)) {}

void flow_driver::reconfigure(const std::string& config) {
  plugin_ = plugin_under_test::open(plugin_file(plugin_name_), config);
}

flow_driver::flow& flow_driver::flow_of(const std::string& parent, const std::string& name) {
  flow& f = flows_[parent + "/" + name];
  if (f.flow_id == 0) {
    f.self = {"shop", parent, name};
    f.flow_id = ++last_flow_;
  }
  return f;
}

std::uint64_t flow_driver::call(const std::string& parent, const std::string& name,
                                const std::string& action, contract::payload request,
                                std::int64_t deadline) {
  step s;
  s.event = SPAWN_WF_CALL;
  s.action = action;
  s.request = std::move(request);
  s.call_id = ++last_call_;
  s.deadline_unix_ms = deadline;
  run_step(flow_of(parent, name), s);
  return s.call_id;
}

call_answer flow_driver::ask(const std::string& parent, const std::string& name,
                             const std::string& action, contract::payload request) {
  const std::uint64_t id = call(parent, name, action, std::move(request));
  const call_answer* got = answer(id);
  EXPECT_NE(got, nullptr) << action << " was not answered at once";
  return got != nullptr ? *got : call_answer{};
}

void flow_driver::event(const std::string& parent, const std::string& name, step s) {
  run_step(flow_of(parent, name), std::move(s));
}

void flow_driver::run_step(flow& f, step s) {
  s.self = f.self;
  s.flow_id = f.flow_id;
  s.scratch = f.scratch;
  s.scratch_schema = f.schema;
  s.now_unix_ms = now;
  s.meta = {{"tenant", "blue"}};
  if (s.event != SPAWN_WF_CALL) {
    s.call_id = 0;
  }
  const step_outcome first = plugin_->run(s);
  s.attempt = 2;
  EXPECT_EQ(plugin_->run(s, 1).fingerprint(), first.fingerprint()) << "a step depends on its run";
  ++steps_run;
  if (first.status != SPAWN_OK) {
    EXPECT_NE(s.call_id, 0u) << "event " << s.event << ": " << first.error;
    answers_[s.call_id] = {first.status, {}, first.error};
    return;
  }
  for (std::size_t i = 0; i < first.commands.size(); ++i) {
    if (first.commands[i].kind == SPAWN_WF_SCRATCH) {
      EXPECT_EQ(i, 0u) << "SCRATCH comes before what it records";
    }
  }
  bool done = false;
  for (const command& c : first.commands) {
    EXPECT_FALSE(done) << "a command behind DONE";
    done = c.kind == SPAWN_WF_DONE;
    carry_out(f, c);
  }
  if (done || f.scratch.empty()) {
    flows_.erase(f.self.parent + "/" + f.self.name);
  }
}

void flow_driver::carry_out(flow& f, const command& c) {
  switch (c.kind) {
    case SPAWN_WF_INVOKE:
      invoke(f, c);
      break;
    case SPAWN_WF_REPLY:
    case SPAWN_WF_FAIL: {
      EXPECT_FALSE(answers_.contains(c.reply_to)) << "request " << c.reply_to << " answered twice";
      EXPECT_LE(c.reply_to, last_call_);
      answers_[c.reply_to] = {c.kind == SPAWN_WF_FAIL ? c.code : SPAWN_OK, c.payload, c.bytes};
      break;
    }
    case SPAWN_WF_SET_TIMER: {
      EXPECT_TRUE(f.tokens_used.insert(c.token).second) << "token " << c.token << " twice";
      f.timers.insert(c.token);
      step s;
      s.event = SPAWN_WF_TIMER;
      s.token = c.token;
      due_.emplace(std::max(now, c.due_unix_ms),
                   pending{f.self.parent + "/" + f.self.name, f.flow_id, true, s});
      break;
    }
    case SPAWN_WF_DROP:
      f.waits.erase(c.token);
      f.timers.erase(c.token);
      break;
    case SPAWN_WF_SCRATCH:
      f.scratch = c.bytes;
      f.schema = c.schema;
      largest_scratch = std::max(largest_scratch, c.bytes.size());
      break;
    case SPAWN_WF_DONE:
      break;
    default:
      ADD_FAILURE() << "command of kind " << c.kind;
  }
}

void flow_driver::invoke(flow& f, const command& c) {
  sent.push_back({now, c});
  const world_answer a = answers(c);
  if (c.mode != SPAWN_WF_WAIT) {
    return;
  }
  EXPECT_EQ(c.timeout_ms, 0u) << "a plugin that cuts its calls off loses late outcomes";
  EXPECT_TRUE(f.tokens_used.insert(c.token).second) << "token " << c.token << " twice";
  f.waits.insert(c.token);
  if (a.never) {
    return;
  }
  step s;
  s.event = a.status == SPAWN_OK ? SPAWN_WF_RESULT : SPAWN_WF_FAILURE;
  s.token = c.token;
  s.response = a.payload;
  s.status = a.status;
  s.error = a.error;
  due_.emplace(now + a.after_ms, pending{f.self.parent + "/" + f.self.name, f.flow_id, false, s});
}

bool flow_driver::next(std::int64_t until) {
  while (!due_.empty() && due_.begin()->first <= until) {
    const auto [at, what] = *due_.begin();
    due_.erase(due_.begin());
    const auto found = flows_.find(what.key);
    if (found == flows_.end() || found->second.flow_id != what.flow_id) {
      continue;
    }
    flow& f = found->second;
    if ((what.is_timer ? f.timers : f.waits).erase(what.event.token) == 0) {
      continue;  // dropped
    }
    now = std::max(now, at);
    run_step(f, what.event);
    return true;
  }
  if (until != no_end) {
    now = std::max(now, until);
  }
  return false;
}

void flow_driver::run(std::int64_t until) {
  for (int steps = 0; next(until); ++steps) {
    ASSERT_LT(steps, 100'000) << "the flow does not come to an end";
  }
}

const call_answer* flow_driver::answer(std::uint64_t request) const {
  const auto found = answers_.find(request);
  return found == answers_.end() ? nullptr : &found->second;
}

std::string flow_driver::scratch(const std::string& parent, const std::string& name) const {
  const auto found = flows_.find(parent + "/" + name);
  return found == flows_.end() ? std::string{} : found->second.scratch;
}

bool flow_driver::exists(const std::string& parent, const std::string& name) const {
  return flows_.contains(parent + "/" + name);
}

std::string flow_driver::describe(const std::string& parent, const std::string& name) const {
  const auto found = flows_.find(parent + "/" + name);
  return found == flows_.end() ? std::string{}
                               : plugin_->describe(found->second.schema, found->second.scratch);
}

}  // namespace spawn::contract
