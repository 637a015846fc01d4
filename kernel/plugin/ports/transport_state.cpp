#include "plugin/ports/transport_state.hpp"

#include "base/log.hpp"
#include "lane/post.hpp"
#include "plugin/ports/loaded_transport_port.hpp"

namespace spawn {
namespace {

void copy_headers(transport_message& to, const spawn_kv* headers, std::uint32_t n) {
  to.headers.reserve(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    to.headers.emplace_back(view_of(headers[i].key), view_of(headers[i].value));
  }
}

transport_message copy_of(const spawn_tp_message& from) {
  transport_message out;
  out.subject = view_of(from.subject);
  out.payload = view_of(from.payload);
  out.reply_to = view_of(from.reply_to);
  copy_headers(out, from.headers, from.n_headers);
  return out;
}

}  // namespace

transport_state::transport_state(std::shared_ptr<instance_core> c, const spawn_transport* t)
    : core(std::move(c)),
      table(t),
      one_channel(core->library->manifest().lanes == lane_mode::one),
      capabilities(t->capabilities(core->raw)),
      slots(core->loops.lanes->size()) {}

lane& transport_state::channel_of(lane& from) const noexcept {
  return one_channel ? (*core->loops.lanes)[0] : from;
}

bool transport_state::open(slot& s, std::uint32_t lane_index) {
  if (s.handle != nullptr) {
    return true;
  }
  spawn_status status = SPAWN_E_INTERNAL;
  spawn_tp_lane* made = nullptr;
  const bool returned = core->call(
      s.times, "lane_open", true, [&] { status = table->lane_open(core->raw, lane_index, &made); });
  if (returned && status == SPAWN_OK) {
    s.handle = made;
  }
  return s.handle != nullptr;
}

void transport_state::hand_over(lane& channel, spawn_op& raw) {
  slot& s = slots[channel.index()];
  if (!core->accepts() || !open(s, channel.index())) {
    end_here(raw, errc::unavailable, "the transport is not there");
    ++core->ended_here;
    return;
  }
  spawn_op* one = &raw;
  auto* op = static_cast<port_op*>(raw.host_private[0]);
  const std::uint32_t generation = op->generation.load(std::memory_order_relaxed);
  const bool returned =
      core->call(s.times, "submit", false, [&] { table->submit(s.handle, &one, 1); });
  if (!returned && op->generation.load(std::memory_order_acquire) == generation &&
      end_here(raw, errc::internal, "the transport plugin threw an exception")) {
    ++core->ended_here;
  }
}

void transport_state::subscribe_now(subscription& sub) {
  sub.op.clear();
  sub.op.home = sub.channel;
  sub.op.raw.pattern = slice_of(sub.pattern);
  sub.op.raw.queue_group = slice_of(sub.group);
  sub.op.raw.sub_id = sub.id;
  sub.op.raw.initial_credit = loaded_transport_port::credit_max;
  sub.credit.store(loaded_transport_port::credit_max, std::memory_order_relaxed);
  sub.op.arm(SPAWN_TP_SUBSCRIBE, sub.channel->next_id(), 0);
  slot& s = slots[sub.channel->index()];
  spawn_op* raw = &sub.op.raw.op;
  s.flights.add({&raw, 1}, sub.channel->now_ns());
  hand_over(*sub.channel, *raw);
}

void transport_state::subscribe_ended(subscription& sub) {
  const errc status = sub.op.status();
  const std::string text = take_error_text(sub.op.raw.op);
  if (auto told = std::exchange(sub.first_try, nullptr)) {
    result<void> how;
    if (status != errc::ok) {
      how = fail(status, "subscribing to " + sub.pattern + " failed: " + text);
    }
    post(*sub.to,
         [told = std::move(told), how = std::move(how)]() mutable { told(std::move(how)); });
  }
  if (status == errc::ok) {
    return;
  }
  SPAWN_LOG(error, "subscribing failed", {"plugin", core->host.plugin()}, {"instance", core->name},
            {"pattern", sub.pattern}, {"status", name(status)}, {"why", text});
  const bool is_late =
      status == errc::unavailable || status == errc::deadline || status == errc::exhausted;
  if (is_late && !sub.is_over && core->accepts()) {
    sub.channel->arm_after_ms(sub.again, loaded_transport_port::subscribe_again_ms);
  }
}

void transport_state::unsubscribe_now(subscription& sub, unique_function<void()> ended) {
  slot& s = slots[sub.channel->index()];
  timer_wheel::cancel(sub.again);
  sub.on_end.push_back(std::move(ended));
  const bool is_first = !std::exchange(sub.is_over, true);
  if (!core->accepts() || s.handle == nullptr) {
    unsubscribed(sub);
    return;
  }
  if (!is_first) {
    if (sub.end_op.now.load(std::memory_order_acquire) == port_op::phase::ended) {
      unsubscribed(sub);
    }
    return;
  }
  sub.end_op.clear();
  sub.end_op.home = sub.channel;
  sub.end_op.owner = &sub;
  sub.end_op.run = [](task& self) {
    auto& mine = static_cast<subscription::subscribe_op&>(self);
    static_cast<void>(take_error_text(mine.raw.op));  // nothing to mend
    mine.owner->owner->unsubscribed(*mine.owner);
  };
  sub.end_op.raw.sub_id = sub.id;
  sub.end_op.arm(SPAWN_TP_UNSUBSCRIBE, sub.channel->next_id(), 0);
  spawn_op* raw = &sub.end_op.raw.op;
  s.flights.add({&raw, 1}, sub.channel->now_ns());
  hand_over(*sub.channel, *raw);
}

// What was delivered before is on its lane already, and this comes behind it.
void transport_state::unsubscribed(subscription& sub) {
  for (auto& each : std::exchange(sub.on_end, {})) {
    if (each) {
      post(*sub.to, [then = std::move(each)]() mutable { then(); });
    }
  }
}

void transport_state::publish_failed(std::string_view why) noexcept {
  core->failed_publishes.fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t now = core->time.now_ns();
  std::uint64_t last = failure_logged_ns.load(std::memory_order_relaxed);
  if ((last != 0 && now - last < ns_per_s) ||
      !failure_logged_ns.compare_exchange_strong(last, now)) {
    return;
  }
  SPAWN_LOG(warn, "publishing failed", {"instance", core->name}, {"why", why},
            {"failed", core->failed_publishes.load()});
}

void transport_state::send_ended(outgoing_op& op) {
  const errc status = op.status();
  const std::string text = take_error_text(op.raw.op);
  const std::string why = text.empty() ? std::string(name(status)) : text;
  auto replied = std::exchange(op.replied, nullptr);
  result<transport_message> out;
  if (status != errc::ok) {
    out = fail(status, why);
  } else if (replied) {
    out->payload = view_of(op.raw.out_reply);
    copy_headers(*out, op.raw.out_headers, op.raw.n_out_headers);
  }
  release(op.raw.out_reply);
  slots[op.home->index()].slab_of(op.raw.op.code).give_back(&op);
  if (replied) {
    replied(std::move(out));
  } else if (status != errc::ok) {
    publish_failed(why);
  }
}

void transport_state::deliver(const spawn_tp_message* messages, std::uint32_t n) noexcept {
  for (std::uint32_t i = 0; messages != nullptr && i < n; ++i) {
    const spawn_tp_message& m = messages[i];
    subscription* sub = nullptr;
    {
      const std::lock_guard hold(mutex);
      // Ids are places in the list, counted from 1.
      if (m.sub_id >= 1 && m.sub_id <= subscriptions.size()) {
        sub = subscriptions[m.sub_id - 1].get();
      }
    }
    const bool wanted = sub != nullptr && sub->credit.fetch_sub(1, std::memory_order_relaxed) > 0;
    if (wanted) {
      post(*sub->to, [keep = self.lock(), sub, message = copy_of(m), token = m.token]() mutable {
        if (keep != nullptr) {
          keep->handle(*sub, std::move(message), token);
        }
      });
    } else if (overruns.fetch_add(1) == 0) {
      SPAWN_LOG(error, "a transport delivers beyond its credit or to nobody",
                {"plugin", core->host.plugin()}, {"instance", core->name}, {"sub_id", m.sub_id});
    }
    if (sub != nullptr && !wanted) {
      sub->credit.fetch_add(1, std::memory_order_relaxed);
    }
    spawn_buf payload = m.payload;
    release(payload);
  }
}

void transport_state::handle(subscription& sub, transport_message message, std::uint64_t token) {
  const std::string threw = contained([&] { sub.on_message(std::move(message)); });
  if (!threw.empty()) {
    SPAWN_LOG(error, "handling a message failed", {"pattern", sub.pattern}, {"why", threw});
  }
  std::uint32_t credit = 0;
  if (++sub.handled >= loaded_transport_port::credit_max / 4) {
    credit = std::exchange(sub.handled, 0);
  }
  if (credit == 0 && token == 0) {
    return;
  }
  if (sub.channel == sub.to) {
    grant_and_settle(sub, credit, token);
  } else {
    post(*sub.channel, [keep = self.lock(), &sub, credit, token] {
      if (keep != nullptr) {
        keep->grant_and_settle(sub, credit, token);
      }
    });
  }
}

void transport_state::grant_and_settle(subscription& sub, std::uint32_t credit,
                                       std::uint64_t token) {
  slot& s = slots[sub.channel->index()];
  if (!core->accepts() || s.handle == nullptr) {
    return;
  }
  if (token != 0) {
    static_cast<void>(
        core->call(s.times, "settle", false, [&] { table->settle(s.handle, &token, 1, 0); }));
  }
  if (credit != 0) {
    sub.credit.fetch_add(credit, std::memory_order_relaxed);
    static_cast<void>(
        core->call(s.times, "grant", false, [&] { table->grant(s.handle, sub.id, credit); }));
  }
}

}  // namespace spawn
