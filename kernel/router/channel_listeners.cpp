#include "router/channel_listeners.hpp"

#include "mesh/channel_messages.hpp"

namespace spawn {

void channel_listeners::add(std::string_view system, std::string_view topic,
                            channel_listener& who) {
  by_channel_[{std::string(system), std::string(topic)}].push_back(who);
}

void channel_listeners::remove(std::string_view system, std::string_view topic,
                               channel_listener& who) {
  who.unlink();
  const auto found = by_channel_.find({std::string(system), std::string(topic)});
  if (found != by_channel_.end() && found->second.empty()) {
    by_channel_.erase(found);
  }
}

void channel_listeners::tell(const broadcast_order& sent) {
  if (by_channel_.empty()) {
    return;
  }
  const auto found = by_channel_.find({sent.system, sent.channel});
  if (found == by_channel_.end()) {
    return;
  }
  const auto event = std::make_shared<const std::string>(channel_event_json(sent));
  found->second.for_each([&](channel_listener& each) { each.heard(event); });
}

void channel_listeners::close() {
  for (auto& [channel, all] : by_channel_) {
    all.for_each([](channel_listener& each) { each.ended(); });
  }
}

}  // namespace spawn
