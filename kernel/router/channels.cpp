#include "router/channels.hpp"

#include <algorithm>

namespace spawn {

void channels::subscribe(actor_view id, actor_type& type) {
  unsubscribe(id);
  const auto& bindings = type.now->channels;
  if (bindings.empty()) {
    return;
  }
  auto& topics = topics_of_[identity_key(id).text()];
  for (const auto& binding : bindings) {
    auto& listeners = by_topic_[binding.topic];
    const bool known = std::any_of(listeners.begin(), listeners.end(), [&](const subscriber& s) {
      return s.id.view() == id && s.action == binding.action;
    });
    if (!known) {
      listeners.push_back({actor_id(id), binding.action, &type});
      topics.push_back(binding.topic);
    }
  }
}

void channels::unsubscribe(actor_view id) {
  const auto found = topics_of_.find(identity_key(id).view());
  if (found == topics_of_.end()) {
    return;
  }
  for (const auto& topic : found->second) {
    auto& listeners = by_topic_[topic];
    std::erase_if(listeners, [&](const subscriber& s) { return s.id.view() == id; });
    if (listeners.empty()) {
      by_topic_.erase(topic);
    }
  }
  topics_of_.erase(found);
}

}  // namespace spawn
