#include "plugin/instance.hpp"

#include "base/log.hpp"
#include "plugin/graveyard.hpp"
#include "plugin/lane_barrier.hpp"
#include "plugin/load_step.hpp"

namespace spawn {

namespace {

constexpr std::size_t steps_kept = 64;

}  // namespace

std::string_view name(plugin_instance::state state) noexcept {
  switch (state) {
    case plugin_instance::state::created:
      return "created";
    case plugin_instance::state::started:
      return "started";
    case plugin_instance::state::quiesced:
      return "quiesced";
    case plugin_instance::state::drained:
      return "drained";
    case plugin_instance::state::stopped:
      return "stopped";
  }
  return "unknown";
}

result<void> plugin_instance::run_step(const char* what, life_fn step, std::uint64_t limit_ms) {
  const auto call = [step](spawn_instance* raw, spawn_ss_admin* op) { step(raw, &op->op); };
  SPAWN_CHECK(run_control(what, call, limit_ms));
  return {};
}

result<std::string> plugin_instance::run_control(const char* what, step_fn step,
                                                 std::uint64_t limit_ms) {
  const auto failed = [&](errc code, const std::string& cause) {
    return fail(
        code, "instance " + core_->name + " (" + core_->host.plugin() + "): " + what + " " + cause);
  };
  if (inside_) {
    return failed(errc::deadline, "not tried: an earlier call has not returned");
  }
  const std::uint64_t began = core_->time.now_ns();
  control_op& op = steps_->emplace_back();
  op.post_on_end = false;
  op.arm(0, ++last_step_id_, began + limit_ms * ns_per_ms);
  // The late thread needs the op and the core even when this instance is gone.
  const timed_call call = run_within(core_->name, limit_ms,
                                     [core = core_, steps = steps_, step = std::move(step),
                                      raw = &op.raw]() mutable { step(core->raw, raw); });
  if (call.late) {
    inside_ = true;
    return failed(errc::deadline, "did not return within " + std::to_string(limit_ms) + " ms");
  }
  if (!call.threw.empty()) {
    core_->host.fault(errc::internal, std::string(what) + " " + call.threw);
    end_here(op.raw.op, errc::internal, {});
    release(op.raw.op.error);
    return failed(errc::internal, call.threw);
  }
  const std::uint64_t spent_ms = (core_->time.now_ns() - began) / ns_per_ms;
  const std::uint64_t left_ms = spent_ms < limit_ms ? limit_ms - spent_ms : 0;
  const bool ended = core_->host.wait_completions(
      left_ms, [&] { return op.now.load(std::memory_order_acquire) == port_op::phase::ended; });
  if (!ended) {
    return failed(errc::deadline, "did not end within " + std::to_string(limit_ms) + " ms");
  }
  const errc status = known_status(op.raw.op.status);
  const std::string text = take_error_text(op.raw.op);
  std::string out(view_of(op.raw.out));
  release(op.raw.out);
  // Of steps that have ended nobody holds anything; a late completion faults by the generation of
  // the op only while it is here, so the last few stay.
  while (steps_->size() > steps_kept &&
         steps_->front().now.load(std::memory_order_acquire) == port_op::phase::ended) {
    steps_->pop_front();
  }
  if (status != errc::ok) {
    return failed(status, "failed: " + (text.empty() ? std::string(spawn::name(status)) : text));
  }
  return out;
}

result<std::string> plugin_instance::ask_admin(admin_call what, std::uint64_t limit_ms) {
  const auto* table =
      static_cast<const spawn_statestore_admin*>(find_interface(SPAWN_STATESTORE_ADMIN));
  if (table == nullptr || !SPAWN_KNOWS(table, stats)) {
    return fail(errc::unsupported, "instance " + core_->name + " (" + core_->host.plugin() +
                                       ") does not have " SPAWN_STATESTORE_ADMIN);
  }
  switch (what) {
    case admin_call::schema_text:
      return run_control("schema_text", table->schema_text, limit_ms);
    case admin_call::migrate:
      return run_control("migrate", table->migrate, limit_ms);
    default:
      return run_control("stats", table->stats, limit_ms);
  }
}

result<void> plugin_instance::start(std::uint64_t limit_ms) {
  const bool undo = state_ == state::quiesced || (state_ == state::started && !core_->accepting);
  if (state_ != state::created && !undo) {
    return fail(errc::invalid, "instance " + core_->name + " can not be started when it is " +
                                   std::string(spawn::name(now())));
  }
  if (auto done = run_step("start", core_->raw->vt->start, limit_ms); !done) {
    return refuse(load_step::start, core_->library->subject(), done.error().text,
                  done.error().code);
  }
  if (faulted()) {
    return refuse(load_step::start, core_->library->subject(),
                  "instance " + core_->name + ": " + core_->host.fault_cause().text,
                  errc::internal);
  }
  core_->metrics.freeze();
  state_ = state::started;
  core_->accepting.store(true, std::memory_order_release);
  return {};
}

result<void> plugin_instance::close_gates(std::uint64_t limit_ms) {
  core_->accepting.store(false, std::memory_order_release);
  // A lane that has run this task has seen the flag, and is not inside the plugin.
  return on_each_lane(*core_->loops.lanes, lanes_run_, limit_ms, [](lane&) {});
}

result<void> plugin_instance::quiesce(std::uint64_t limit_ms) {
  if (state_ != state::started) {
    return fail(errc::invalid, "instance " + core_->name + " can not be quiesced when it is " +
                                   std::string(spawn::name(now())));
  }
  SPAWN_CHECK(close_gates(limit_ms));
  SPAWN_CHECK(run_step("quiesce", core_->raw->vt->quiesce, limit_ms));
  state_ = state::quiesced;
  return {};
}

result<drain_report> plugin_instance::drain(std::uint64_t limit_ms) {
  if (state_ != state::quiesced) {
    return fail(errc::invalid, "instance " + core_->name + " can not be drained when it is " +
                                   std::string(spawn::name(now())));
  }
  const std::uint64_t began = core_->time.now_ns();
  SPAWN_CHECK(run_step("drain", core_->raw->vt->drain, limit_ms));
  const std::uint64_t spent_ms = (core_->time.now_ns() - began) / ns_per_ms;
  const bool all_ended = core_->host.wait_completions(spent_ms < limit_ms ? limit_ms - spent_ms : 0,
                                                      [&] { return core_->in_flight() == 0; });
  state_ = state::drained;
  drain_report report;
  if (!all_ended) {
    for (const instance_port* port : core_->ports) {
      port->list_unfinished(report.never_ended);
    }
    for (const unfinished_op& op : report.never_ended) {
      SPAWN_LOG(error, "a plugin never ended an operation", {"plugin", core_->host.plugin()},
                {"instance", core_->name}, {"op", op.op_id}, {"code", op.code},
                {"overdue_ms", op.overdue_ms});
    }
  }
  return report;
}

result<void> plugin_instance::stop(std::uint64_t limit_ms) {
  if (state_ == state::stopped) {
    return {};
  }
  const bool was_started = state_ != state::created;
  result<void> out = was_started ? close_gates(limit_ms) : result<void>();
  const auto keep_first = [&](result<void> next) {
    if (out && !next) {
      out = std::move(next);
    }
  };
  for (instance_port* port : core_->ports) {
    keep_first(port->close(lanes_run_, limit_ms));
  }
  keep_first(on_each_lane(*core_->loops.lanes, lanes_run_, limit_ms,
                          [core = core_](lane& at) { core->loop.close_lane(at.index()); }));
  if (!out) {
    inside_ = true;  // a lane, or the store's thread, is still in there
  }
  keep_first(run_step("stop", core_->raw->vt->stop, limit_ms));
  if (!core_->blocking.stop(limit_ms)) {
    inside_ = true;
    keep_first(fail(errc::deadline, "instance " + core_->name +
                                        ": a blocking task did not return within " +
                                        std::to_string(limit_ms) + " ms"));
  }
  state_ = state::stopped;
  return out;
}

bool plugin_instance::hangs() const noexcept {
  if (inside_ || core_->in_flight() != 0) {
    return true;
  }
  for (const control_op& op : *steps_) {
    if (op.now.load() == port_op::phase::flying) {
      return true;
    }
  }
  return false;
}

plugin_instance::~plugin_instance() {
  bool start_hangs = false;
  for (const control_op& op : *steps_) {
    start_hangs = start_hangs || op.now.load() == port_op::phase::flying;
  }
  if (state_ != state::stopped && (state_ != state::created || start_hangs)) {
    if (auto stopped = stop(destroy_limit_ms_); !stopped) {
      SPAWN_LOG(error, "stopping a plugin failed", {"why", stopped.error().text});
    }
  }
  destroy();
}

void plugin_instance::destroy() {
  if (!hangs()) {
    const timed_call call = run_within(core_->name, destroy_limit_ms_,
                                       [core = core_] { core->raw->vt->destroy(core->raw); });
    if (!call.threw.empty()) {
      SPAWN_LOG(error, "plugin destroy failed", {"plugin", core_->host.plugin()},
                {"instance", core_->name}, {"why", call.threw});
    }
    if (!call.late) {
      core_->host.close();
      return;
    }
  }
  SPAWN_LOG(error, "a plugin hangs; it is left in memory until the process ends",
            {"plugin", core_->host.plugin()}, {"instance", core_->name});
  core_->library->keep_for_ever();
  keep_until_exit(core_);
  keep_until_exit(steps_);
}

const void* plugin_instance::find_interface(const char* id) const noexcept {
  const void* table = nullptr;
  const std::string threw =
      contained([&] { table = core_->raw->vt->get_interface(core_->raw, id); });
  if (!threw.empty()) {
    core_->host.fault(errc::internal, "get_interface " + threw);
    return nullptr;
  }
  return table;
}

void plugin_instance::add_call_times(call_times& sum) const noexcept {
  const std::lock_guard hold(core_->ports_mutex);
  for (const instance_port* port : core_->ports) {
    port->add_times(sum);
  }
}

instance_counters plugin_instance::counters() const {
  instance_counters out;
  {
    const std::lock_guard hold(core_->ports_mutex);
    out.submitted = core_->retired_submitted.load();
    for (const instance_port* port : core_->ports) {
      out.submitted += port->submitted();
    }
  }
  out.completed = core_->host.completed();
  out.double_completions = core_->host.double_completions();
  out.in_flight = core_->in_flight();
  out.slow_calls = core_->slow_calls;
  out.failed_publishes = core_->failed_publishes;
  call_times times;
  add_call_times(times);
  out.calls = times.count();
  out.call_p50_ns = times.quantile_ns(0.5);
  out.call_p99_ns = times.quantile_ns(0.99);
  out.call_max_ns = times.quantile_ns(1.0);
  return out;
}

}  // namespace spawn
