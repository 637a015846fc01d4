// GET, PUT, DELETE and KEEPALIVE on JetStream's key-value buckets. A revision is the sequence
// number of the bucket's stream. All in flight at once; nothing blocks. [session thread]
//
// Leases. A key put with a lease says so in a header of its revision, and every keepalive is a new
// revision. Whether it has run out is for each instance to judge (kv_leases.hpp); a key that has is
// absent: GET does not find it, and a PUT that expects nothing replaces it with compare-and-set, so
// of many who try one wins.
#pragma once
#include <cstdint>
#include <string>

#include "kv_buckets.hpp"
#include "kv_entry.hpp"
#include "kv_leases.hpp"
#include "nats-common/session.hpp"
#include "spawn/plugin/cpp/transport.hpp"

namespace nats_transport {

class kv_store {
 public:
  using op_ptr = spawn::plugin::pending<spawn_kv_op>;

  kv_store(nats_common::session& at, const kv_settings& settings)
      : session_(at), settings_(settings), buckets_(at, settings_) {}

  void submit(op_ptr op);
  void disconnected() { buckets_.forget(); }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

  // --- for the watches
  // The bucket as NATS names it; false, with the op ended, when it is none.
  [[nodiscard]] bool bucket_of(op_ptr& op, std::string& out) const;
  [[nodiscard]] kv_buckets& buckets() noexcept { return buckets_; }
  [[nodiscard]] std::uint64_t deadline_of(const spawn_kv_op& op) const;
  // Takes away exactly this revision, which has run out; whoever renewed it meanwhile wins.
  void clear_expired(const std::string& subject, std::uint64_t revision);

 private:
  struct look {
    nats_common::api_answer said;
    kv_entry entry;
    bool found = false;  // there is a revision, which may say "deleted"
  };

  void get(op_ptr op, const std::string& bucket, const std::string& subject);
  void put(op_ptr op, const std::string& bucket, const std::string& subject);
  void put_new(op_ptr op, const std::string& bucket, const std::string& subject, int tries);
  void erase(op_ptr op, const std::string& subject);
  void keep_alive(op_ptr op, const std::string& bucket, const std::string& subject);
  template <class Then>
  void look_up(const spawn_kv_op& op, const std::string& bucket, const std::string& subject,
               Then then);
  template <class Then>
  void write(const spawn_kv_op& op, const std::string& subject, nats_common::header_list headers,
             std::string_view value, Then then);
  void written(op_ptr op, const std::string& subject, std::uint32_t lease_ms,
               const nats_common::api_answer& said);

  nats_common::session& session_;
  const kv_settings settings_;
  kv_buckets buckets_;
  kv_leases leases_;
  std::size_t in_flight_ = 0;
};

}  // namespace nats_transport
