// Who on this lane listens to which channel (protocol.md 7).
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "cell/cell.hpp"
#include "model/actor_id.hpp"
#include "router/identity.hpp"

namespace spawn {

struct subscriber {
  actor_id id;
  std::string action;
  actor_type* type = nullptr;
};

// Topics match exactly, dots and all. One entry per (actor, topic, action); an actor may listen to
// several topics with one action. [lane]
class channels {
 public:
  // Makes the actor's subscriptions those of its type's definition, and only those.
  void subscribe(actor_view id, actor_type& type);
  void unsubscribe(actor_view id);
  // f(const subscriber&) for each that listens; f must not subscribe.
  template <class F>
  void for_each(std::string_view topic, F&& f) const {
    const auto found = by_topic_.find(topic);
    if (found == by_topic_.end()) {
      return;
    }
    for (const auto& each : found->second) {
      f(each);
    }
  }

 private:
  std::unordered_map<std::string, std::vector<subscriber>, text_hash, std::equal_to<>> by_topic_;
  // The topics an actor is in, so that leaving costs what joining did.
  std::unordered_map<std::string, std::vector<std::string>, text_hash, std::equal_to<>> topics_of_;
};

}  // namespace spawn
