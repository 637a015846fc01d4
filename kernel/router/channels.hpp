// Who on this lane listens to which channel (protocol.md 7).
#pragma once
#include <cstddef>
#include <map>
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

// A subscriber as other lanes are told of it.
struct listener {
  std::string place;  // in the order that all lanes have in common
  actor_id id;
  std::string action;
};

// Topics match exactly, dots and all. One entry per (actor, topic, action); an actor may listen to
// several topics with one action. Those whose types are in mode commit are kept apart, as the
// definition said when they subscribed. [lane]
class channels {
 public:
  // Makes the actor's subscriptions those of its type's definition, and only those.
  void subscribe(actor_view id, actor_type& type);
  void unsubscribe(actor_view id);

  // f(const subscriber&) for each that listens; f must not subscribe.
  template <class F>
  void for_each(std::string_view topic, F&& f) const {
    if (const entry* found = find(topic)) {
      visit(found->durable, f);
      visit(found->others, f);
    }
  }
  // The same, without those in mode commit.
  template <class F>
  void for_each_in_memory(std::string_view topic, F&& f) const {
    if (const entry* found = find(topic)) {
      visit(found->others, f);
    }
  }
  // Those of one system in mode commit whose place is after that one, "" = from the first, in
  // order; at most so many. Costs what it returns, however many there are.
  [[nodiscard]] std::vector<listener> durable_after(std::string_view system, std::string_view topic,
                                                    std::string_view place, std::size_t most) const;

 private:
  // By place: "<system>/<name>/<parent>/<action>", names as in keys of rows.
  using in_order = std::map<std::string, subscriber, std::less<>>;
  struct entry {
    in_order durable, others;
  };
  [[nodiscard]] const entry* find(std::string_view topic) const {
    const auto found = by_topic_.find(topic);
    return found == by_topic_.end() ? nullptr : &found->second;
  }
  template <class F>
  static void visit(const in_order& all, F& f) {
    for (const auto& [place, each] : all) {
      f(each);
    }
  }

  std::unordered_map<std::string, entry, text_hash, std::equal_to<>> by_topic_;
  // The topics an actor is in, so that leaving costs what joining did.
  std::unordered_map<std::string, std::vector<std::string>, text_hash, std::equal_to<>> topics_of_;
};

}  // namespace spawn
