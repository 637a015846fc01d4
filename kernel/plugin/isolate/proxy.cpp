#include "plugin/isolate/proxy.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>

#include "plugin/isolate/event_codec.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace spawn::isolate {
namespace {

// Bytes of operations that may wait in the kernel for a child that does not read.
constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20;
constexpr std::uint64_t describe_ms = 200;
// Of a step, while its lane waits.
constexpr std::uint64_t step_ms_max = 250;

const void* get_interface(spawn_instance* self, const char* id) {
  return id != nullptr ? proxy_of(self).interface(id) : nullptr;
}

template <life_step Step>
void life_call(spawn_instance* self, spawn_op* op) {
  proxy_of(self).life(Step, op);
}

void destroy(spawn_instance* self) {
  delete &proxy_of(self);
}

constexpr spawn_instance_vtbl instance_table{sizeof(spawn_instance_vtbl),
                                             0,
                                             get_interface,
                                             life_call<life_step::start>,
                                             life_call<life_step::quiesce>,
                                             life_call<life_step::drain>,
                                             life_call<life_step::stop>,
                                             destroy};

std::vector<const char*> listed(const std::vector<std::string>& names) {
  std::vector<const char*> out;
  for (const std::string& each : names) {
    out.push_back(each.c_str());
  }
  out.push_back(nullptr);
  return out;
}

op_form form_of(const std::string& kind, submit_to to, std::uint16_t code) noexcept {
  if (to != submit_to::kind) {
    return to == submit_to::sink ? op_form::sink : op_form::kv;
  }
  if (kind == "workflow") {
    return op_form::step;
  }
  return kind == "statestore" ? form_of_store(code) : form_of_transport(code);
}

}  // namespace

spawn_status make_proxy(const spawn_host* host, proxy_options options, spawn_instance** out,
                        spawn_buf* error) {
  auto made = std::make_unique<proxy>(host, std::move(options));
  created_answer answer;
  if (!made->wait_created(answer)) {
    *error = plugin::give(std::move(answer.text));
    return answer.status != SPAWN_OK ? answer.status : SPAWN_E_INTERNAL;
  }
  *out = made.release();
  return SPAWN_OK;
}

proxy::proxy(const spawn_host* to, proxy_options options)
    : spawn_instance{&instance_table, to},
      options_(std::move(options)),
      bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      rng_(time_.now_ns()) {
  const std::int64_t wall_ms = to->unix_ms(to) - time_.unix_ms();
  own_clock_ = wall_ms > 1'000 || wall_ms < -1'000;
  const std::uint32_t lanes = options_.one_channel ? 1 : options_.kernel_lanes;
  options_.order.lanes = lanes;
  for (std::uint32_t i = 0; i <= lanes; ++i) {
    channels_.push_back(std::make_unique<channel>());
    kv_sinks_.push_back(std::make_unique<kv_sink>());
  }
  thread_ = std::thread([this] { run(); });
}

proxy::~proxy() {
  {
    const std::lock_guard hold(mutex_);
    closing_ = true;
  }
  static_cast<void>(channels_[0]->sender.send(frame_of(frame::destroy).out()));
  wake();
  thread_.join();
  ::close(bell_);
}

void proxy::put_time() noexcept {
  if (told_ != nullptr) {
    told_->now_ns = host->now_ns(host);
    told_->unix_ms = host->unix_ms(host);
    told_->is_told = 1;
  }
}

bool proxy::wait_created(created_answer& answer) {
  std::unique_lock hold(mutex_);
  changed_.wait(hold, [&] { return answered_; });  // the thread has a deadline
  answer = made_;
  part_types_ = listed(made_.part_types);
  virtual_parents_ = listed(made_.virtual_parents);
  return made_.status == SPAWN_OK;
}

const void* proxy::interface(std::string_view id) noexcept {
  const std::string& kind = options_.order.kind;
  if (id == SPAWN_SINK) {
    return made_.has_sink ? sink_table() : nullptr;
  }
  if (kind == "statestore" && (id != SPAWN_STATESTORE_ADMIN || made_.has_admin)) {
    return store_table(id);
  }
  if (kind == "workflow") {
    return workflow_table(id, !made_.accepted_schemas.empty(), made_.describes);
  }
  if (kind == "activator") {
    return activator_table(id);
  }
  if (kind == "transport" && (id != SPAWN_TRANSPORT_KV || made_.has_kv)) {
    return transport_table(id);
  }
  return nullptr;
}

void proxy::end(spawn_op* op, spawn_status status, std::string text) {
  op->status = status;
  if (!text.empty()) {
    op->error = plugin::give(std::move(text));
  }
  host->complete(host, &op, 1);
}

void proxy::life(life_step step, spawn_op* op) {
  tell_time();
  std::string why;
  {
    const std::lock_guard hold(mutex_);
    wanted_ = step;
    why = down_;
  }
  channel& to = *channels_[0];
  {
    const std::lock_guard hold(to.mutex);
    if (to.up) {
      encoder out = frame_of(frame::life);
      out.value(to.in_flight.add(op, op_form::life, static_cast<std::uint8_t>(step)));
      out.value(static_cast<std::uint8_t>(step));
      encode_ask(out, op_form::life, *op);
      static_cast<void>(to.sender.send(out.out()));  // not taken: its death ends the op
      return;
    }
  }
  // Without a process there is nothing to wait for, and nothing to start.
  const bool starts = step == life_step::start;
  end(op, starts ? SPAWN_E_UNAVAILABLE : SPAWN_OK, starts ? std::move(why) : std::string());
}

void proxy::admin(admin_step step, spawn_ss_admin* op) {
  tell_time();
  channel& to = *channels_[0];
  {
    const std::lock_guard hold(to.mutex);
    if (to.up) {
      encoder out = frame_of(frame::admin);
      out.value(to.in_flight.add(&op->op, op_form::admin));
      out.value(static_cast<std::uint8_t>(step));
      encode_ask(out, op_form::admin, op->op);
      static_cast<void>(to.sender.send(out.out()));
      return;
    }
  }
  end(&op->op, SPAWN_E_UNAVAILABLE, "its process is being started again");
}

void proxy::submit(std::uint32_t lane, submit_to where, spawn_op* const* ops, std::uint32_t n) {
  tell_time();
  if (options_.order.kind == "transport") {
    note_submit(lane, ops, n);
  }
  channel& to = of_lane(lane);
  std::vector<spawn_op*> refused;
  spawn_status status = SPAWN_E_UNAVAILABLE;
  {
    const std::lock_guard hold(to.mutex);
    encoder out = frame_of(frame::submit);
    out.value(static_cast<std::uint8_t>(where));
    std::vector<std::uint64_t> ids;
    encoder body;
    for (std::uint32_t i = 0; i < n; ++i) {
      const op_form form = form_of(options_.order.kind, where, ops[i]->code);
      if (!to.up || form == op_form{}) {
        refused.push_back(ops[i]);
        status = to.up ? SPAWN_E_UNSUPPORTED : status;
        continue;
      }
      ids.push_back(to.in_flight.add(ops[i], form));
      body.value(ids.back());
      body.value(static_cast<std::uint8_t>(form));
      encode_ask(body, form, *ops[i]);
    }
    out.value(static_cast<std::uint32_t>(ids.size()));
    out.out() += body.out();
    if (!ids.empty() && !to.sender.send(out.out(), waiting_bytes_max)) {
      status = SPAWN_E_EXHAUSTED;
      for (const std::uint64_t id : ids) {
        refused.push_back(to.in_flight.take(id).op);
      }
    }
  }
  if (refused.empty()) {
    return;
  }
  std::string why;
  {
    const std::lock_guard hold(mutex_);
    why = down_;
  }
  if (status == SPAWN_E_EXHAUSTED) {
    why = "its process does not read what it is sent";
  }
  for (spawn_op* op : refused) {
    op->status = status;
    note_end({op, form_of(options_.order.kind, where, op->code), 0});
    op->retry_after_ms = static_cast<std::uint32_t>(options_.limits.restart_min_ms);
    end(op, status, why);
  }
  steps_completed(to, refused.size());
}

// Steps are pure and short, and the turn that they belong to waits for them: they end inside, or
// their process has to go.
void proxy::submit_steps(std::uint32_t lane, spawn_op* const* ops, std::uint32_t n) {
  channel& to = of_lane(lane);
  {
    const std::lock_guard hold(to.mutex);
    to.steps += n;
  }
  submit(lane, submit_to::kind, ops, n);
  std::vector<flights::flight> late;
  {
    std::unique_lock hold(to.mutex);
    const auto all_ended = [&] { return to.steps == 0; };
    if (to.steps_ended.wait_for(hold, std::chrono::milliseconds(step_ms_max), all_ended)) {
      return;
    }
    to.up = false;
    late = to.in_flight.take_all();
  }
  {
    const std::lock_guard hold(mutex_);
    condemned_ = "a step did not end within " + std::to_string(step_ms_max) + " ms";
    down_ = "the process of plugin instance " + options_.order.instance + " hangs";
  }
  wake();
  for (const flights::flight& each : late) {
    end(each.op, SPAWN_E_UNAVAILABLE, "its process did not end the step");
  }
  steps_completed(to, late.size());
  // The rest is being completed by the thread right now.
  std::unique_lock hold(to.mutex);
  to.steps_ended.wait(hold, [&] { return to.steps == 0; });
}

void proxy::steps_completed(channel& at, std::uint64_t n) {
  if (options_.order.kind != "workflow" || n == 0) {
    return;
  }
  const std::lock_guard hold(at.mutex);
  at.steps -= n;
  at.steps_ended.notify_all();
}

spawn_status proxy::describe(std::uint32_t schema, spawn_slice scratch, spawn_buf* out) {
  asked mine;
  std::unique_lock hold(mutex_);
  const std::uint64_t id = ++last_asked_;
  asked_.emplace(id, &mine);
  hold.unlock();
  encoder ask = frame_of(frame::describe);
  ask.value(id);
  ask.value(schema);
  ask.slice(scratch);
  const bool sent = channels_[0]->sender.send(ask.out());
  hold.lock();
  if (sent) {
    changed_.wait_for(hold, std::chrono::milliseconds(describe_ms), [&] { return mine.done; });
  }
  asked_.erase(id);
  if (mine.status == SPAWN_OK) {
    *out = plugin::give(std::move(mine.text));
  }
  return mine.status;
}

bool proxy::accepts_scratch(std::uint32_t schema) const noexcept {
  const std::string& bits = made_.accepted_schemas;
  return schema / 8 < bits.size() && (bits[schema / 8] >> (schema % 8) & 1) != 0;
}

void proxy::set_window(std::uint32_t window, std::uint32_t pause) {
  const std::lock_guard hold(mutex_);
  window_ = window;
  pause_ = pause;
  activator_open_ = true;
  encoder out = frame_of(frame::set_window);
  out.value(window);
  out.value(pause);
  static_cast<void>(channels_[1]->sender.send(out.out()));  // else on the next process
}

void proxy::settle(std::span<const spawn_settle* const> verdicts) {
  const std::lock_guard hold(mutex_);
  encoder out = frame_of(frame::settle);
  encoder body;
  std::uint32_t n = 0;
  for (const spawn_settle* each : verdicts) {
    const auto known = tokens_.find(each->token);
    if (known == tokens_.end()) {
      continue;
    }
    // Tokens of a process that is gone are nobody's: the source gives those messages again.
    if (known->second.epoch == epoch_) {
      ++n;
      spawn_settle of_child = *each;
      of_child.token = known->second.of_child;
      fields(body, of_child);
    }
    if (each->verdict != SPAWN_EXTEND) {
      tokens_.erase(known);
    }
  }
  out.value(n);
  out.out() += body.out();
  if (n != 0) {
    static_cast<void>(channels_[1]->sender.send(out.out()));
  }
}

// No offer is under way afterwards, and none will be made.
void proxy::close_activator() {
  const std::lock_guard offers(offers_);
  const std::lock_guard hold(mutex_);
  activator_open_ = false;
}

void proxy::grant(std::uint32_t lane, std::uint64_t sub_id, std::uint32_t credit) {
  const std::lock_guard hold(mutex_);
  if (const auto known = subs_.find(sub_id); known != subs_.end()) {
    known->second.credit += credit;
  }
  encoder out = frame_of(frame::grant);
  out.value(sub_id);
  out.value(credit);
  static_cast<void>(of_lane(lane).sender.send(out.out()));
}

void proxy::settle_messages(std::uint32_t lane, std::span<const std::uint64_t> tokens,
                            std::uint32_t nack) {
  const std::lock_guard hold(mutex_);
  std::vector<std::uint64_t> of_child;
  for (const std::uint64_t token : tokens) {
    const auto known = tokens_.find(token);
    if (known != tokens_.end() && known->second.epoch == epoch_) {
      of_child.push_back(known->second.of_child);
    }
    tokens_.erase(token);
  }
  encoder out = frame_of(frame::tp_settle);
  out.value(nack);
  out.list(of_child.data(), of_child.size(), [](auto& a, auto& v) { a.value(v); });
  if (!of_child.empty()) {
    static_cast<void>(of_lane(lane).sender.send(out.out()));
  }
}

void proxy::set_kv_sink(std::uint32_t lane,
                        void (*on_event)(void*, const spawn_kv_event*, std::uint32_t), void* arg) {
  kv_sink& sink = *kv_sinks_[1 + lane % (channels_.size() - 1)];
  const std::lock_guard hold(sink.mutex);
  sink.on_event = on_event;
  sink.arg = arg;
}

}  // namespace spawn::isolate
