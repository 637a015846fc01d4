// The subscriptions of all instances of this process, and what waits for their credit. This is what
// the client library of your broker takes the place of.
#pragma once
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "spawn/plugin/cpp/transport.hpp"

// What was published: immutable, shared by everybody it goes to, freed by the last release.
struct message {
  explicit message(const spawn_tp_send& op);

  std::string subject, payload;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<spawn_kv> raw_headers;  // point into `headers`
};

struct subscription {
  spawn::plugin::host_ref host;
  const void* owner;  // the instance
  std::uint32_t lane;
  std::uint64_t id;
  std::string bus, pattern;
  std::uint64_t credit;
  std::size_t held_max;
  std::deque<std::shared_ptr<const message>> held;
};

// One lock for all. The host is called under it: deliver() never waits and never calls back.
class bus {
 public:
  static bus& of_this_process();

  void subscribe(subscription s);
  // False: the instance has no such subscription. Afterwards nothing is delivered to it.
  bool unsubscribe(const void* owner, std::uint64_t id);
  void grant(const void* owner, std::uint64_t id, std::uint32_t credit);
  void publish(const std::string& on, const std::shared_ptr<const message>& m);
  // All of an instance's subscriptions.
  void leave(const void* owner);

 private:
  static void pump(subscription& s);

  std::mutex mutex_;
  std::list<subscription> all_;
};
