// Connections from outside that hear what is sent to a channel.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.hpp"
#include "base/intrusive_list.hpp"
#include "workflow/engine.hpp"

namespace spawn {

struct listener_tag;

// Lives with its connection, which adds and removes it. [lane]
class channel_listener : public list_hook<listener_tag> {
 public:
  // Must not add or remove anybody.
  virtual void heard(const broadcast_order& sent) = 0;

 protected:
  ~channel_listener() = default;
};

// Those of one lane. Delivery is at most once, as a channel's is (protocol.md 7.1). [lane]
class channel_listeners {
 public:
  void add(std::string_view system, std::string_view topic, channel_listener& who) {
    by_channel_[key_of(system, topic)].push_back(who);
  }
  void remove(std::string_view system, std::string_view topic, channel_listener& who) {
    who.unlink();
    const auto found = by_channel_.find(key_of(system, topic));
    if (found != by_channel_.end() && found->second.empty()) {
      by_channel_.erase(found);
    }
  }
  void tell(const broadcast_order& sent) {
    const auto found = by_channel_.find(key_of(sent.system, sent.channel));
    if (found == by_channel_.end()) {
      return;
    }
    found->second.for_each([&](channel_listener& each) { each.heard(sent); });
  }

 private:
  // No system's name has a zero byte in it: such a name is no valid text for a path or a subject.
  static std::string key_of(std::string_view system, std::string_view topic) {
    return std::string(system).append(1, '\0').append(topic);
  }
  std::unordered_map<std::string, intrusive_list<channel_listener, listener_tag>, text_hash,
                     std::equal_to<>>
      by_channel_;
};

}  // namespace spawn
