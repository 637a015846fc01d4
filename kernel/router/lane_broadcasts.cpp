// A broadcast: from the actor that asked, or from outside, to the subscribers and listeners of
// every lane; and over the transport to the other kernels. Where it is a row as well, fan_outs
// brings that to those in mode commit.
#include <atomic>
#include <iterator>
#include <utility>

#include "lane/post.hpp"
#include "mesh/channel_messages.hpp"
#include "mesh/subjects.hpp"
#include "router/lane_router.hpp"

namespace spawn {

void lane_router::broadcast(broadcast_order order) {
  if (transport_ != nullptr) {
    const channel_message out = encode_channel_message(order, incarnation_);
    const std::vector<header_view> with(out.with.begin(), out.with.end());
    transport_->publish(lane_, out.subject, with, out.body);
  }
  spread(std::move(order), nullptr);
}

// To every lane of this kernel; the ticket is kept until the last one has it.
void lane_router::spread(broadcast_order order, std::shared_ptr<void> ticket) {
  auto shared = std::make_shared<broadcast_message>();
  shared->order = std::move(order);
  shared->ticket = std::move(ticket);
  for (lane_router* to : all_) {
    if (to == this) {
      continue;
    }
    post(to->lane_, [to, shared] { to->deliver_broadcast(*shared); });
  }
  // Itself on a later task, since a cell is at work on whatever asked for this; a deferred one, so
  // that effects, broadcast and routing of one turn keep their order (protocol.md 6.6).
  struct here final : task {
    lane_router* owner = nullptr;
    std::shared_ptr<const broadcast_message> message;
  };
  auto* later = new here;
  later->owner = this;
  later->message = shared;
  later->run = [](task& t) {
    const std::unique_ptr<here> mine(static_cast<here*>(&t));
    mine->owner->deliver_broadcast(*mine->message);
  };
  lane_.defer(*later);
}

// What other kernels and plain clients send to channels; one lane hears it for all. What comes in
// faster than the lanes take it is dropped: a channel is at most once.
void lane_router::hear_channels() {
  if (transport_ == nullptr || lane_.index() != 0) {
    return;
  }
  constexpr std::size_t most = 4'096;
  const auto under_way = std::make_shared<std::atomic<std::size_t>>(0);
  transport_->subscribe(lane_, all_channels_pattern, {}, [this, under_way](transport_message in) {
    auto order = draining_ ? std::nullopt : decode_channel_message(in, incarnation_);
    if (!order) {
      return;
    }
    services_.stats.broadcasts_heard.add();
    const std::uint64_t bytes = in.payload.size() + sizeof(broadcast_message);
    if (under_way->load() >= most || !budget_.try_take(bytes)) {
      services_.stats.refused.add();
      return;
    }
    ++*under_way;
    const std::shared_ptr<void> ticket(nullptr, [under_way, budget = &budget_, bytes](void*) {
      --*under_way;
      budget->give_back(bytes);
    });
    spread(std::move(*order), ticket);
  });
}

void lane_router::deliver_broadcast(const broadcast_message& message) {
  const auto& order = message.order;
  listeners_.tell(order);
  const actor_view caller = order.caller.view();
  // All are made before the first is received: receiving one may change the subscriptions.
  std::vector<invocation_ptr> ready;
  const auto prepare = [&](const subscriber& to) {
    if (to.id.system != order.system) {
      return;
    }
    ready.push_back(make_internal(to.id.view(), order.action.empty() ? to.action : order.action,
                                  order.argument.view(), order.has_caller ? &caller : nullptr));
    ready.back()->trace = order.trace;
  };
  if (order.has_row) {
    channels_.for_each_in_memory(order.channel, prepare);
  } else {
    channels_.for_each(order.channel, prepare);
  }
  for (auto& each : ready) {
    receive(std::move(each));  // subscribers are on the lane of their own name: this one
  }
}

// Every lane is asked by post, itself included, and answers by post. Whoever asks sets the
// deadline.
void lane_router::ask_listeners(fan_outs::question what, fan_outs::heard_fn done) {
  struct survey {
    const fan_outs::question what;
    // On the asking lane alone:
    std::size_t unanswered;
    fan_outs::heard_fn done;
    bool complete = true;
    std::vector<listener> heard;
  };
  const auto asked =
      std::make_shared<survey>(survey{std::move(what), all_.size(), std::move(done), true, {}});
  for (lane_router* each : all_) {
    post(each->lane_, [each, asked, home = &lane_] {
      const bool knows = each->serving_ && !each->draining_;
      const auto& [system, topic, place, most] = asked->what;
      auto heard = each->channels_.durable_after(system, topic, place, most);
      post(*home, [asked, knows, part = std::move(heard)]() mutable {
        asked->complete = asked->complete && knows;
        asked->heard.insert(asked->heard.end(), std::make_move_iterator(part.begin()),
                            std::make_move_iterator(part.end()));
        if (--asked->unanswered == 0) {
          auto then = std::exchange(asked->done, nullptr);  // never left to another lane
          then(asked->complete, std::move(asked->heard));
        }
      });
    });
  }
}

}  // namespace spawn
