// Watches over keys: what is there first, then every change, in the order of revisions. An ordered
// consumer of the bucket's stream feeds each watch; when a message is missing, the consumer is
// silent, or the connection comes back, a new consumer begins behind the last revision that was
// told. A key whose lease runs out is told as deleted. A keepalive is not told.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "kv_store.hpp"
#include "orders.hpp"

namespace nats_transport {

// [session thread]
class kv_watches {
 public:
  kv_watches(nats_common::session& at, kv_store& store, open_lanes& lanes)
      : session_(at), store_(store), lanes_(lanes) {}

  // WATCH, which ends OK when all that was there has been told, and UNWATCH.
  void submit(std::uint32_t lane, kv_store::op_ptr op);
  void connected();
  void disconnected();
  void received(std::uint64_t subscription, nats_common::message_ptr m);
  // Looks for leases that have run out and for consumers that have fallen silent.
  void tick();
  [[nodiscard]] bool waits_for_time() const noexcept { return !watches_.empty(); }
  void clear();

 private:
  struct live_key {
    std::uint64_t revision, since_ns;
    std::uint32_t lease_ms;
  };
  struct watch {
    std::uint64_t id = 0;
    std::uint32_t lane = 0;
    std::string bucket, filter;
    std::map<std::string, live_key> live;  // by subject
    std::uint64_t last_revision = 0;       // nothing up to here is told again
    // the consumer
    std::uint64_t subscription = 0;  // 0: there is none
    std::uint64_t epoch = 0;         // number of consumers made; answers to older ones are ignored
    std::uint64_t consumer_sequence = 0;
    std::uint64_t heard_ns = 0;
    std::optional<kv_store::op_ptr> begun;  // the WATCH, until the initial values are told
  };

  void consume(watch& w);
  void consumer_made(std::uint64_t id, std::uint64_t epoch, nats_common::answer a);
  void restart(watch& w);
  void heard(watch& w, nats_common::message_ptr m);
  void change(watch& w, const std::string& subject, kv_entry entry);
  void tell(const watch& w, const std::string& subject, std::uint64_t revision, bool deleted,
            std::string value);

  nats_common::session& session_;
  kv_store& store_;
  open_lanes& lanes_;
  std::map<std::uint64_t, watch> watches_;  // by the kernel's id
  std::map<std::uint64_t, std::uint64_t> by_subscription_;
  std::uint64_t inboxes_ = 0;
};

}  // namespace nats_transport
