#include "router/channels.hpp"

#include <algorithm>

#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

// Begins the places of all subscriptions of this actor, and of nobody else's.
std::string places_of(actor_view id) {
  return row_actor(id) + '/';
}

template <class Map>
void erase_prefix(Map& from, const std::string& prefix) {
  auto at = from.lower_bound(prefix);
  while (at != from.end() && at->first.starts_with(prefix)) {
    at = from.erase(at);
  }
}

}  // namespace

void channels::subscribe(actor_view id, actor_type& type) {
  unsubscribe(id);
  const definition& def = *type.now;
  if (def.channels.empty()) {
    return;
  }
  auto& topics = topics_of_[identity_key(id).text()];
  const std::string places = places_of(id);
  for (const auto& binding : def.channels) {
    entry& heard = by_topic_[binding.topic];
    auto& among = def.mode() == durability::commit ? heard.durable : heard.others;
    const bool is_new =
        among.try_emplace(places + binding.action, subscriber{actor_id(id), binding.action, &type})
            .second;
    if (is_new) {
      topics.push_back(binding.topic);
    }
  }
}

void channels::unsubscribe(actor_view id) {
  const auto found = topics_of_.find(identity_key(id).view());
  if (found == topics_of_.end()) {
    return;
  }
  const std::string places = places_of(id);
  for (const auto& topic : found->second) {
    const auto heard = by_topic_.find(topic);
    if (heard == by_topic_.end()) {
      continue;  // it listened with several actions
    }
    erase_prefix(heard->second.durable, places);
    erase_prefix(heard->second.others, places);
    if (heard->second.durable.empty() && heard->second.others.empty()) {
      by_topic_.erase(heard);
    }
  }
  topics_of_.erase(found);
}

std::vector<listener> channels::durable_after(std::string_view system, std::string_view topic,
                                              std::string_view place, std::size_t most) const {
  std::vector<listener> out;
  const entry* heard = find(topic);
  if (heard == nullptr) {
    return out;
  }
  const std::string of_system = row_actor({system, {}, {}});
  const std::string_view prefix(of_system.data(), of_system.size() - 1);  // "<system>/"
  const in_order& all = heard->durable;
  auto at = place.empty() ? all.lower_bound(prefix) : all.upper_bound(place);
  for (; at != all.end() && out.size() < most && at->first.starts_with(prefix); ++at) {
    const subscriber& each = at->second;
    if (!each.type->forgotten) {
      out.push_back({at->first, each.id, each.action});
    }
  }
  return out;
}

}  // namespace spawn
