// A broadcast: from the actor that asked to the subscribers of every lane, and to the transport.
#include "lane/post.hpp"
#include "router/lane_router.hpp"

namespace spawn {

void lane_router::broadcast(broadcast_order order) {
  auto shared = std::make_shared<broadcast_message>();
  shared->order = std::move(order);
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
  if (transport_ != nullptr) {
    const auto& sent = shared->order;
    const std::vector<std::pair<std::string_view, std::string_view>> headers{
        {"spawn-system", sent.system},
        {"spawn-caller", sent.caller.name},
        {"spawn-action", sent.action},
        {"spawn-payload", sent.argument.kind == presence::value  ? "value"
                          : sent.argument.kind == presence::noop ? "noop"
                                                                 : "unset"}};
    transport_->publish(lane_, "spawn.channel." + sent.channel, headers, sent.argument.any);
  }
}

void lane_router::deliver_broadcast(const broadcast_message& message) {
  const auto& order = message.order;
  const actor_view caller = order.caller.view();
  // All are made before the first is received: receiving one may change the subscriptions.
  std::vector<invocation_ptr> ready;
  channels_.for_each(order.channel, [&](const subscriber& to) {
    if (to.id.system != order.system) {
      return;
    }
    ready.push_back(make_internal(to.id.view(), order.action.empty() ? to.action : order.action,
                                  order.argument.view(), order.has_caller ? &caller : nullptr));
    ready.back()->trace = order.trace;
  });
  for (auto& each : ready) {
    receive(std::move(each));  // subscribers are on the lane of their own name: this one
  }
}

}  // namespace spawn
