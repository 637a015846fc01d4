// What a transport's proxy remembers, so that a new process has the subscriptions and watches of
// the one before.
#include "plugin/isolate/event_codec.hpp"
#include "plugin/isolate/proxy.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace spawn::isolate {
namespace {

std::string text_of(spawn_slice s) {
  return {static_cast<const char*>(s.ptr), s.len};
}

spawn_slice slice_of(const std::string& s) {
  return {s.data(), s.size()};
}

// Ops of the proxy itself, with what they point to.
struct own_sub {
  spawn_tp_sub op{};
  std::string pattern, group;
};
struct own_watch {
  spawn_kv_op op{};
  std::string bucket, key;
};

}  // namespace

void proxy::note_submit(std::uint32_t lane, spawn_op* const* ops, std::uint32_t n) {
  const std::lock_guard hold(mutex_);
  for (std::uint32_t i = 0; i < n; ++i) {
    if (ops[i]->struct_size == sizeof(spawn_kv_op) && ops[i]->code == SPAWN_KV_WATCH) {
      const auto& op = reinterpret_cast<const spawn_kv_op&>(*ops[i]);
      watches_.insert_or_assign(op.watch_id,
                                live_watch{text_of(op.bucket), text_of(op.key), lane, false, {}});
    } else if (ops[i]->struct_size == sizeof(spawn_tp_sub) && ops[i]->code == SPAWN_TP_SUBSCRIBE) {
      const auto& op = reinterpret_cast<const spawn_tp_sub&>(*ops[i]);
      subs_.insert_or_assign(op.sub_id, live_sub{text_of(op.pattern), text_of(op.queue_group),
                                                 op.initial_credit, lane, false});
    }
  }
}

void proxy::note_end(const flights::flight& done) {
  const bool ok = done.op->status == SPAWN_OK;
  const std::uint16_t code = done.op->code;
  const std::lock_guard hold(mutex_);
  if (done.form == op_form::subscription) {
    const auto known = subs_.find(reinterpret_cast<const spawn_tp_sub&>(*done.op).sub_id);
    if (known != subs_.end() && code == SPAWN_TP_SUBSCRIBE && ok) {
      known->second.live = true;
    } else if (known != subs_.end() && done.step != flights::own_step) {
      subs_.erase(known);  // over, or it never was one
    }
  } else if (done.form == op_form::kv && (code == SPAWN_KV_WATCH || code == SPAWN_KV_UNWATCH)) {
    const auto known = watches_.find(reinterpret_cast<const spawn_kv_op&>(*done.op).watch_id);
    if (known != watches_.end() && code == SPAWN_KV_WATCH && ok) {
      known->second.live = true;
    } else if (known != watches_.end() && done.step != flights::own_step) {
      watches_.erase(known);
    }
  }
}

// True: it was ours, and is gone now.
bool proxy::take_own(const flights::flight& done) {
  if (done.step != flights::own_step) {
    return false;
  }
  const bool ok = done.op->status == SPAWN_OK;
  plugin::release(done.op->error);
  if (done.form == op_form::subscription) {
    delete reinterpret_cast<own_sub*>(done.op);
  } else {
    auto* watch = reinterpret_cast<own_watch*>(done.op);
    if (ok) {
      watch_renewed(watch->op);
    }
    delete watch;
  }
  if (!ok && phase_ == phase::up) {
    give_up("it could not subscribe again");
  }
  return true;
}

// On a new process, before anything else goes to it.
void proxy::resume_transport() {
  const auto send = [this](std::uint32_t lane, submit_to where, op_form form, spawn_op& op) {
    channel& to = of_lane(lane);
    const std::lock_guard hold(to.mutex);
    encoder out = frame_of(frame::submit);
    out.value(static_cast<std::uint8_t>(where));
    out.value<std::uint32_t>(1);
    out.value(to.in_flight.add(&op, form, flights::own_step));
    out.value(static_cast<std::uint8_t>(form));
    encode_ask(out, form, op);
    static_cast<void>(to.sender.send(out.out()));
  };
  const std::lock_guard hold(mutex_);
  for (const auto& [id, sub] : subs_) {
    if (!sub.live) {
      continue;
    }
    auto* again = new own_sub{{}, sub.pattern, sub.group};
    again->op.op.struct_size = sizeof again->op;
    again->op.op.code = SPAWN_TP_SUBSCRIBE;
    again->op.pattern = slice_of(again->pattern);
    again->op.queue_group = slice_of(again->group);
    again->op.sub_id = id;
    again->op.initial_credit = sub.credit > 0 ? static_cast<std::uint32_t>(sub.credit) : 0;
    send(sub.lane, submit_to::kind, op_form::subscription, again->op.op);
  }
  for (auto& [id, watch] : watches_) {
    if (!watch.live) {
      continue;
    }
    for (auto& [key, told] : watch.there) {
      told.by_this_process = false;
    }
    auto* again = new own_watch{{}, watch.bucket, watch.key};
    again->op.op.struct_size = sizeof again->op;
    again->op.op.code = SPAWN_KV_WATCH;
    again->op.bucket = slice_of(again->bucket);
    again->op.key = slice_of(again->key);
    again->op.watch_id = id;
    send(watch.lane, submit_to::kv, op_form::kv, again->op.op);
  }
}

void proxy::note_events(const spawn_kv_event* events, std::uint32_t n) {
  const std::lock_guard hold(mutex_);
  for (std::uint32_t i = 0; i < n; ++i) {
    const auto watch = watches_.find(events[i].watch_id);
    if (watch == watches_.end()) {
      continue;
    }
    const std::string key(static_cast<const char*>(events[i].key.ptr), events[i].key.len);
    if (events[i].deleted != 0) {
      watch->second.there.erase(key);
    } else {
      watch->second.there[key] = {events[i].revision, true};
    }
  }
}

// Keys that were there and are not told any more went while nobody watched.
void proxy::watch_renewed(const spawn_kv_op& op) {
  std::vector<spawn_kv_event> gone;
  std::uint32_t lane = 0;
  {
    const std::lock_guard hold(mutex_);
    const auto watch = watches_.find(op.watch_id);
    if (watch == watches_.end()) {
      return;
    }
    lane = watch->second.lane;
    auto& there = watch->second.there;
    for (auto at = there.begin(); at != there.end();) {
      if (at->second.by_this_process) {
        ++at;
        continue;
      }
      gone.push_back({op.watch_id, at->second.revision, 1, 0, plugin::give(at->first), {}});
      at = there.erase(at);
    }
  }
  tell_kv(1 + lane % static_cast<std::uint32_t>(channels_.size() - 1), gone.data(),
          static_cast<std::uint32_t>(gone.size()));
}

void proxy::tell_kv(std::uint32_t channel, const spawn_kv_event* events, std::uint32_t n) {
  kv_sink& sink = *kv_sinks_[channel];
  const std::lock_guard hold(sink.mutex);
  if (sink.on_event != nullptr && n != 0) {
    return sink.on_event(sink.arg, events, n);
  }
  for (std::uint32_t i = 0; i < n; ++i) {
    spawn_buf key = events[i].key;
    spawn_buf value = events[i].value;
    plugin::release(key);
    plugin::release(value);
  }
}

void proxy::take_kv_events(std::uint32_t channel, decoder& in) {
  const spawn_kv_event* all = nullptr;
  std::uint32_t n = 0;
  in.list(all, n, each_field);
  if (!in.ok()) {
    for (std::uint32_t i = 0; i < n; ++i) {
      spawn_buf key = all[i].key;
      spawn_buf value = all[i].value;
      plugin::release(key);
      plugin::release(value);
    }
    return;
  }
  note_events(all, n);
  tell_kv(channel, all, n);
}

}  // namespace spawn::isolate
