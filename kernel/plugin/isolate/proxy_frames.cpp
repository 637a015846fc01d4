// What a process says to its proxy. Nothing of it is believed: what can not be read, or names what
// is not there, ends the process.
#include "plugin/host_metrics.hpp"
#include "plugin/isolate/event_codec.hpp"
#include "plugin/isolate/metrics_codec.hpp"
#include "plugin/isolate/proxy.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace spawn::isolate {

void proxy::take(std::uint32_t channel, std::string bytes) {
  const frame_hold held(std::move(bytes));
  decoder in(*held);
  switch (static_cast<frame>(in.take<std::uint8_t>())) {
    case frame::pong:
      if (in.take<std::uint64_t>() == channels_[channel]->pinged) {
        channels_[channel]->pinged = 0;
      }
      break;
    case frame::created: {
      created_answer answer;
      fields(in, answer);
      if (in.ok() && phase_ == phase::launching && start_id_ == 0) {
        created(std::move(answer));
      }
      break;
    }
    case frame::ended:
      take_ended(channel, in);
      break;
    case frame::state:
      take_state(in);
      break;
    case frame::metrics:
      take_metrics(in);
      break;
    case frame::offered:
      take_offered(in);
      break;
    case frame::lag: {
      const auto* to =
          static_cast<const spawn_host_activator*>(host->get_interface(host, SPAWN_HOST_ACTIVATOR));
      spawn_slice source{};
      in.slice(source);
      const auto messages = in.take<std::uint64_t>();
      const auto oldest_ms = in.take<std::uint64_t>();
      if (to != nullptr && in.ok()) {
        to->lag(host, source, messages, oldest_ms);
      }
      break;
    }
    case frame::cursor_set: {
      const auto* to =
          static_cast<const spawn_host_activator*>(host->get_interface(host, SPAWN_HOST_ACTIVATOR));
      spawn_slice source{}, value{};
      in.slice(source);
      in.slice(value);
      if (to != nullptr && in.ok()) {
        static_cast<void>(to->cursor_set(host, source, value));
      }
      break;
    }
    case frame::cursor_get:
      take_cursor_get(in);
      break;
    case frame::delivered:
      take_delivered(in);
      break;
    case frame::kv_events:
      take_kv_events(channel, in);
      break;
    case frame::described: {
      const auto id = in.take<std::uint64_t>();
      const auto status = in.take<std::int32_t>();
      const std::string_view text = in.text();
      const std::lock_guard hold(mutex_);
      if (const auto waits = asked_.find(id); waits != asked_.end() && in.ok()) {
        *waits->second = {true, status, std::string(text)};
        changed_.notify_all();
      }
      break;
    }
    default:
      in.fail();
  }
  if (!in.ok()) {
    give_up("it broke the protocol");
  }
}

void proxy::take_ended(std::uint32_t channel, decoder& in) {
  const auto n = in.take<std::uint32_t>();
  std::vector<spawn_op*> ended;
  for (std::uint32_t i = 0; i < n && in.ok(); ++i) {
    const auto id = in.take<std::uint64_t>();
    if (id == start_id_ && channel == 0 && start_id_ != 0) {
      spawn_op start{};
      if (!decode_answer(in, op_form::life, start)) {
        break;
      }
      if (start.status == SPAWN_OK) {
        begin_service();
      } else {
        give_up("start failed: " +
                std::string(static_cast<const char*>(start.error.ptr), start.error.len));
      }
      plugin::release(start.error);
      continue;
    }
    flights::flight done;
    {
      const std::lock_guard hold(channels_[channel]->mutex);
      done = channels_[channel]->in_flight.take(id);
    }
    if (done.op == nullptr) {
      in.fail();  // how long its answer is nobody knows
      break;
    }
    if (!decode_answer(in, done.form, *done.op)) {
      done.op->status = status_when_lost(done.form, *done.op);
      done.op->error = plugin::give_static("its process answered nonsense");
    }
    note_end(done);
    if (!take_own(done)) {
      ended.push_back(done.op);
    }
  }
  if (!ended.empty()) {
    channels_[channel]->moved_ns = woken_ns_;
    host->complete(host, ended.data(), static_cast<std::uint32_t>(ended.size()));
    steps_completed(*channels_[channel], ended.size());
  }
}

void proxy::take_state(decoder& in) {
  const bool faulted = in.take<std::uint8_t>() != 0;
  const auto serving = in.take<std::uint8_t>();
  spawn_slice why{};
  in.slice(why);
  if (!in.ok()) {
    return;
  }
  if (faulted) {
    give_up("faulted: " + std::string(static_cast<const char*>(why.ptr), why.len));
  } else {
    tell_health(serving, why);
  }
}

// A transport's link is what says whether it serves; why it does not, its health.
void proxy::tell_health(std::uint32_t serving, spawn_slice why) {
  const auto* link = static_cast<const spawn_host_transport*>(
      options_.order.kind == "transport" ? host->get_interface(host, SPAWN_HOST_TRANSPORT)
                                         : nullptr);
  if (link != nullptr) {
    link->link_state(host, serving);
  }
  if (link == nullptr || serving == 0) {
    host->health(host, serving, why);
  }
}

void proxy::take_metrics(decoder& in) {
  std::vector<metric_family> families;
  put_all(in, families, [](decoder& from, metric_family& v) { fields(from, v); });
  if (in.ok() && options_.metrics != nullptr) {
    options_.metrics->replace(std::move(families));
  }
}

void proxy::take_offered(decoder& in) {
  const spawn_delivery* all = nullptr;
  std::uint32_t n = 0;
  in.list(all, n, each_field);
  const auto* to =
      static_cast<const spawn_host_activator*>(host->get_interface(host, SPAWN_HOST_ACTIVATOR));
  std::vector<const spawn_delivery*> offered;
  std::vector<std::uint64_t> of_child;
  const std::lock_guard offers(offers_);
  {
    const std::lock_guard hold(mutex_);
    const bool open = activator_open_ && to != nullptr && in.ok();
    for (std::uint32_t i = 0; i < n; ++i) {
      auto& each = const_cast<spawn_delivery&>(all[i]);
      of_child.push_back(each.token);
      if (open) {
        // Unique over all processes of the instance, which a plugin's own token is not.
        tokens_[++last_token_] = {epoch_, each.token};
        each.token = last_token_;
        offered.push_back(&each);
      }
    }
  }
  std::uint32_t taken = 0;
  if (!offered.empty()) {
    taken = to->offer(host, 0, offered.data(), static_cast<std::uint32_t>(offered.size()));
  }
  // What is beyond a window that was lowered meanwhile goes back to the source.
  encoder out = frame_of(frame::settle);
  out.value(n - taken);
  for (std::uint32_t i = taken; i < n; ++i) {
    spawn_settle back{};
    back.verdict = SPAWN_RELEASE;
    back.token = of_child[i];
    fields(out, back);
    spawn_buf owner = all[i].owner;
    plugin::release(owner);
    if (i < offered.size()) {
      const std::lock_guard hold(mutex_);
      tokens_.erase(all[i].token);
    }
  }
  if (taken < n && in.ok()) {
    static_cast<void>(channels_[1]->sender.send(out.out()));
  }
}

void proxy::take_cursor_get(decoder& in) {
  const auto* from =
      static_cast<const spawn_host_activator*>(host->get_interface(host, SPAWN_HOST_ACTIVATOR));
  const auto id = in.take<std::uint64_t>();
  spawn_slice source{};
  in.slice(source);
  if (!in.ok() || from == nullptr) {
    return;
  }
  spawn_buf value{};
  encoder out = frame_of(frame::reply);
  out.value(id);
  out.value<std::int32_t>(from->cursor_get(host, source, &value));
  out.buf(value);
  plugin::release(value);
  static_cast<void>(channels_[0]->sender.send(out.out()));
}

void proxy::take_delivered(decoder& in) {
  const spawn_tp_message* all = nullptr;
  std::uint32_t n = 0;
  in.list(all, n, each_field);
  const auto* to =
      static_cast<const spawn_host_transport*>(host->get_interface(host, SPAWN_HOST_TRANSPORT));
  if (!in.ok() || to == nullptr) {
    for (std::uint32_t i = 0; i < n; ++i) {
      spawn_buf payload = all[i].payload;
      plugin::release(payload);
    }
    return;
  }
  {
    const std::lock_guard hold(mutex_);
    for (std::uint32_t i = 0; i < n; ++i) {
      auto& each = const_cast<spawn_tp_message&>(all[i]);
      if (const auto known = subs_.find(each.sub_id); known != subs_.end()) {
        --known->second.credit;
      }
      if (each.token != 0) {
        tokens_[++last_token_] = {epoch_, each.token};
        each.token = last_token_;
      }
    }
  }
  to->deliver(host, 0, all, n);
}

}  // namespace spawn::isolate
