// Registration and spawning: durable before they are answered (D1).
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/reply_slot.hpp"
#include "router/lane_router.hpp"
#include "wire/registration.hpp"

namespace spawn {

// A host as people see it: by the service it said it is.
struct host_entry {
  std::string service;
  std::string version;
  std::string runtime;
  std::string library;
  std::string address;
  std::uint16_t port = 0;
  std::int64_t registered_ms = 0;
  std::vector<std::pair<std::string, std::string>> actors;  // system, type
};

// Lives on lane 0; requests from other lanes are posted there. Registrations are taken one after
// another: the last one wins for each (system, type). [lane 0]
class registrar {
 public:
  registrar(lane_set& lanes, std::span<lane_router* const> routers, const policies& rules,
            record_writer& records, record_codec& codec, journal& store);
  ~registrar();
  registrar(const registrar&) = delete;
  registrar& operator=(const registrar&) = delete;

  // Reads back what is stored and hands it to every lane; `ready` runs on lane 0. With `serves`
  // the lanes then begin their service: subscriptions, eager actors, timers. [lane 0]
  void recover(bool serves, unique_function<void(result<void>)> ready);

  // Answers `reply` once every definition is durable and every lane has it. `host_override`: the
  // address a trusted host gave in its spawn-host header. [lane 0]
  void register_host(std::string body, std::optional<host_address> host_override,
                     reply_slot& reply);
  // The rest is for people. [lane 0]
  [[nodiscard]] std::vector<host_entry> hosts() const;
  // Forgets every registration of a service; calls back with how many.
  void forget(std::string_view service, unique_function<void(result<std::size_t>)> done);
  [[nodiscard]] std::size_t registrations() const noexcept { return known_.size(); }
  // Records that recovery left out because they could not be read.
  [[nodiscard]] std::uint64_t unreadable() const noexcept { return unreadable_; }

  // Binds the names of a SpawnRequest; answers once all are durable. [any lane, through `from`]
  static void spawn(std::span<lane_router* const> routers, lane_set& lanes, lane& from,
                    std::string body, std::uint64_t revision, reply_slot& reply);

 private:
  struct stored {
    std::string encoded_actor;
    std::string encoded_service;
    std::optional<host_address> host_override;
    std::int64_t registered_ms = 0;
    definition_ptr def;
    record_version version;
  };
  struct request;
  using key = std::pair<std::string, std::string>;

  [[nodiscard]] result<definition_ptr> define(std::string_view encoded_actor,
                                              std::string_view system, std::string_view name,
                                              std::string_view encoded_service,
                                              const std::optional<host_address>& host_override);
  [[nodiscard]] static std::string encode(const stored& from);
  [[nodiscard]] result<stored> decode(std::string_view bytes, std::string_view system,
                                      std::string_view type);
  void next();
  [[nodiscard]] bool take(request& work, const wire::actor_entry& actor);
  void write(request& work);
  template <class Done>
  void write_one(request& work, const key& at, stored& entry, const Done& one_done);
  void publish(std::vector<definition_ptr> defs, unique_function<void()> done);
  void note_unreadable(std::string_view store_key, record_version version);
  void list(std::string from, std::string to, std::string cursor,
            unique_function<result<void>(std::string_view, record)> each,
            unique_function<void(result<void>)> done);

  lane_set& lanes_;
  std::vector<lane_router*> routers_;
  const policies& rules_;
  record_writer& records_;
  record_codec& codec_;
  journal& store_;
  op_slab<list_request> lists_;
  std::map<key, stored> known_;
  std::uint64_t generation_ = 0;
  std::uint64_t unreadable_ = 0;
  std::deque<std::shared_ptr<request>> waiting_;  // the first is being worked on
};

}  // namespace spawn
