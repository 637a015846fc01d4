// The buckets this connection knows to be there; makes what is missing.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "nats-common/jetstream.hpp"
#include "nats-common/session.hpp"

namespace nats_transport {

struct kv_settings {
  std::string bucket_prefix;  // in front of the kernel's bucket names
  bool create = true;
  bool in_memory = false;
  std::uint32_t replicas = 1;
  std::uint32_t answer_ms = 5'000;  // for a step of an op without a deadline
};

// [session thread]
class kv_buckets {
 public:
  kv_buckets(nats_common::session& at, const kv_settings& settings)
      : session_(at), settings_(settings) {}

  // Calls `then` with an answer that is `answered` without a message when the bucket is there;
  // with what went wrong otherwise.
  void ensure(const std::string& bucket, nats_common::on_answer then);
  void forget() noexcept { known_.clear(); }

 private:
  struct state {
    bool ready = false;
    std::vector<nats_common::on_answer> waiting;
  };
  [[nodiscard]] std::string stream_config(const std::string& bucket) const;
  void made(const std::string& bucket, nats_common::answer a);

  nats_common::session& session_;
  const kv_settings& settings_;
  std::map<std::string, state> known_;
};

}  // namespace nats_transport
