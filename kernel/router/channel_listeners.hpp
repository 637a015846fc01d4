// Connections from outside that hear what is sent to a channel.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/intrusive_list.hpp"
#include "workflow/engine.hpp"

namespace spawn {

struct listener_tag;

// Lives with its connection, which adds and removes it. [lane]
class channel_listener : public list_hook<listener_tag> {
 public:
  // One event, as JSON (mesh/channel_messages.hpp); shared by all who hear it. Must not add or
  // remove anybody.
  virtual void heard(const std::shared_ptr<const std::string>& event) = 0;
  // The kernel ends; nothing more comes. The same holds.
  virtual void ended() = 0;

 protected:
  ~channel_listener() = default;
};

// Those of one lane. Delivery is at most once, as a channel's is (protocol.md 7.1). [lane]
class channel_listeners {
 public:
  void add(std::string_view system, std::string_view topic, channel_listener& who);
  void remove(std::string_view system, std::string_view topic, channel_listener& who);
  void tell(const broadcast_order& sent);
  // Tells all that it is over.
  void close();

 private:
  using list = intrusive_list<channel_listener, listener_tag>;
  std::map<std::pair<std::string, std::string>, list> by_channel_;  // system and topic
};

}  // namespace spawn
