#include "plugin/ports/loaded_transport_port.hpp"

#include "lane/post.hpp"
#include "plugin/lane_barrier.hpp"
#include "plugin/ports/transport_state.hpp"

namespace spawn {

loaded_transport_port::loaded_transport_port(std::shared_ptr<instance_core> core,
                                             const spawn_transport* table)
    : registered_port(core), state_(std::make_shared<transport_state>(core, table)) {
  state_->self = state_;
  core_->host.services.transport.store(state_.get());
}

// By now the instance is stopped or the lanes are: nobody is inside deliver().
loaded_transport_port::~loaded_transport_port() {
  core_->host.services.transport.store(nullptr);
  retire();
}

struct loaded_transport_port::outgoing {
  std::string_view subject;
  std::span<const header_view> headers;
  std::string_view payload;
};

bool loaded_transport_port::has_requests() const noexcept {
  constexpr std::uint64_t needed = SPAWN_TP_CAP_REQUEST | SPAWN_TP_CAP_QUEUE_GROUP;
  return (state_->capabilities & needed) == needed;
}

void loaded_transport_port::publish(lane& from, std::string_view subject,
                                    std::span<const header_view> headers,
                                    std::string_view payload) {
  send(from, SPAWN_TP_PUBLISH, {subject, headers, payload},
       from.now_ns() + publish_limit_ms * ns_per_ms, nullptr);
}

void loaded_transport_port::reply(lane& from, std::string_view reply_to,
                                  std::span<const header_view> headers, std::string_view payload,
                                  replied_fn ended) {
  send(from, SPAWN_TP_REPLY, {reply_to, headers, payload},
       from.now_ns() + publish_limit_ms * ns_per_ms, std::move(ended));
}

void loaded_transport_port::request(lane& from, std::string_view subject,
                                    std::span<const header_view> headers, std::string_view payload,
                                    std::uint64_t deadline_ns, replied_fn replied) {
  send(from, SPAWN_TP_REQUEST, {subject, headers, payload}, deadline_ns, std::move(replied));
}

void loaded_transport_port::send(lane& from, std::uint16_t code, const outgoing& what,
                                 std::uint64_t deadline_ns, replied_fn replied) {
  transport_state::slot& s = state_->slots[from.index()];
  auto& ops = s.slab_of(code);
  const auto refuse = [&](errc status, const char* why) {
    if (!replied) {
      return state_->publish_failed(why);
    }
    post(from, [status, why, tell = std::move(replied)]() mutable { tell(fail(status, why)); });
  };
  if (!core_->accepts()) {
    return refuse(errc::unavailable, "the transport is not there");
  }
  if (ops.in_use() >= publishes_max) {
    return refuse(errc::exhausted, "too many messages wait for the transport");
  }
  outgoing_op& op = *ops.take();
  op.clear();
  op.owner = state_.get();
  op.home = &from;
  op.replied = std::move(replied);
  op.run = [](task& self) {
    auto& mine = static_cast<outgoing_op&>(self);
    mine.owner->send_ended(mine);
  };
  op.bytes.clear();
  op.headers.clear();
  op.bytes.append(what.subject).append(what.payload);
  for (const auto& [key, value] : what.headers) {
    op.bytes.append(key).append(value);
  }
  // Slices are cut once the string has stopped moving.
  const char* at = op.bytes.data();
  const auto cut = [&](std::size_t n) {
    const spawn_slice out{at, n};
    at += n;
    return out;
  };
  op.raw.subject = cut(what.subject.size());
  op.payload = cut(what.payload.size());
  for (const auto& [key, value] : what.headers) {
    const spawn_slice k = cut(key.size());
    op.headers.push_back({k, cut(value.size())});
  }
  op.raw.headers = op.headers.data();
  op.raw.n_headers = static_cast<std::uint32_t>(op.headers.size());
  op.raw.payload = &op.payload;
  op.raw.n_payload = 1;
  op.arm(code, from.next_id(), deadline_ns);
  op.raw.dedup_id = op.raw.op.op_id;
  spawn_op* raw = &op.raw.op;
  s.flights.add({&raw, 1}, from.now_ns());
  lane& channel = state_->channel_of(from);
  if (&channel == &from) {
    state_->hand_over(channel, *raw);
  } else {
    post(channel, [state = state_, raw, at_lane = &channel] { state->hand_over(*at_lane, *raw); });
  }
}

std::uint64_t loaded_transport_port::subscribe_and_tell(
    lane& to, std::string_view pattern, std::string_view group,
    unique_function<void(transport_message)> on_message, told_fn first_try) {
  auto made = std::make_unique<subscription>();
  subscription& sub = *made;
  sub.owner = state_.get();
  sub.to = &to;
  sub.channel = &state_->channel_of(to);
  sub.pattern = pattern;
  sub.group = group;
  sub.on_message = std::move(on_message);
  sub.first_try = std::move(first_try);
  sub.op.owner = &sub;
  sub.op.run = [](task& self) {
    subscription& mine = *static_cast<subscription::subscribe_op&>(self).owner;
    mine.owner->subscribe_ended(mine);
  };
  sub.again.owner = &sub;
  sub.again.fire = [](timer& t) {
    subscription& mine = *static_cast<subscription::again_timer&>(t).owner;
    mine.owner->subscribe_now(mine);
  };
  {
    const std::lock_guard hold(state_->mutex);
    state_->subscriptions.push_back(std::move(made));
    sub.id = state_->subscriptions.size();
  }
  post(*sub.channel, [state = state_, &sub] { state->subscribe_now(sub); });
  return sub.id;
}

void loaded_transport_port::unsubscribe(std::uint64_t id, unique_function<void()> ended) {
  subscription* sub = nullptr;
  {
    const std::lock_guard hold(state_->mutex);
    sub = state_->subscriptions.at(id - 1).get();
  }
  post(*sub->channel, [state = state_, sub, then = std::move(ended)]() mutable {
    state->unsubscribe_now(*sub, std::move(then));
  });
}

std::uint64_t loaded_transport_port::submitted() const noexcept {
  std::uint64_t n = 0;
  for (const transport_state::slot& s : state_->slots) {
    n += s.flights.submitted.load(std::memory_order_acquire);
  }
  return n;
}

void loaded_transport_port::add_times(call_times& sum) const noexcept {
  for (const transport_state::slot& s : state_->slots) {
    s.times.add_to(sum);
  }
}

void loaded_transport_port::list_unfinished(std::vector<unfinished_op>& out) const {
  for (std::uint32_t i = 0; i < state_->slots.size(); ++i) {
    state_->slots[i].flights.log.list(core_->time.now_ns(), i, out);
  }
}

result<void> loaded_transport_port::close(bool lanes_run, std::uint64_t limit_ms) {
  const bool all_ended = core_->in_flight() == 0;
  return on_each_lane(
      *core_->loops.lanes, lanes_run, limit_ms, [state = state_, all_ended](lane& at) {
        const std::lock_guard hold(state->mutex);
        for (const auto& sub : state->subscriptions) {
          if (sub->channel == &at) {
            timer_wheel::cancel(sub->again);
          }
        }
        transport_state::slot& s = state->slots[at.index()];
        if (s.handle != nullptr && all_ended) {
          static_cast<void>(state->core->call(s.times, "lane_close", true,
                                              [&] { state->table->lane_close(s.handle); }));
          s.handle = nullptr;
        }
      });
}

}  // namespace spawn
