// bus: the subscriptions and open requests of all instances of this process that share its name.
// One lock; it is never held while a host is called. Life: made by the first instance that names
// it, gone with the last. [any]
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message.hpp"

namespace memory_bus {

// One subscription of one instance. Guarded by the bus's lock, except `turn`.
struct subscription {
  subscription(spawn::plugin::host_ref h, std::uint32_t at_lane, const void* whose)
      : host(h), lane(at_lane), owner(whose) {}

  spawn::plugin::host_ref host;
  std::uint32_t lane;
  const void* owner;  // the instance
  std::uint64_t id = 0;
  std::string pattern, group;
  std::uint64_t credit = 0;
  std::deque<message_ptr> held;  // no credit yet
  std::uint64_t dropped = 0;
  bool closed = false;
  // UNSUBSCRIBE: nothing new comes, and it ends when what is held has been delivered, or has waited
  // for credit until `ends_ns`. In a group what waits for credit goes to another member; without
  // one it is lost, as is what is published from then on.
  std::optional<spawn::plugin::pending<spawn_tp_sub>> ending;
  std::uint64_t ends_ns = 0;
  // Deliveries of one subscription happen one after the other, so that their order is the order of
  // publishing; an unsubscribe waits for the one that runs.
  std::mutex turn;
};

class bus {
 public:
  // The bus of that name, shared by all who hold it.
  static std::shared_ptr<bus> named(const std::string& name);

  void subscribe(const std::shared_ptr<subscription>& s);
  // Ends once what is held is delivered; NOT_FOUND when `owner` has no such subscription.
  void unsubscribe(const void* owner, spawn::plugin::pending<spawn_tp_sub> op,
                   std::uint64_t now_ns);
  void grant(const void* owner, std::uint64_t id, std::uint32_t credit);

  void publish(const message_ptr& m, std::size_t max_held);
  // Publishes and keeps the op until REPLY, deadline or drop(); ends NOT_FOUND when nobody listens.
  void request(spawn::plugin::pending<spawn_tp_send> op, const void* owner, std::size_t max_held);
  // False: nobody waits for that any more.
  bool reply(const spawn_tp_send& op);

  // Ends what ran out of time. Called by lanes now and then.
  void expire(const void* owner, std::uint64_t now_ns);
  // Everything of that instance goes: subscriptions silently, requests as SHUTDOWN.
  void drop(const void* owner);

 private:
  struct open_request {
    const void* owner;
    std::uint64_t deadline_ns;
    spawn::plugin::pending<spawn_tp_send> op;
  };

  [[nodiscard]] std::vector<std::shared_ptr<subscription>> listeners(std::string_view subject);
  std::shared_ptr<subscription> find(const void* owner, std::uint64_t id);
  [[nodiscard]] std::shared_ptr<subscription> other_of_group(const subscription& s);
  void pump(const std::shared_ptr<subscription>& of);

  std::mutex mutex_;
  std::vector<std::shared_ptr<subscription>> subscriptions_;
  std::map<std::pair<std::string, std::string>, std::size_t> next_in_group_;
  std::map<std::string, open_request> requests_;  // by reply subject
  std::uint64_t next_request_ = 1;
};

}  // namespace memory_bus
