#include "kv_leases.hpp"

namespace nats_transport {

bool kv_leases::expired(const std::string& subject, const kv_entry& entry, std::uint64_t now_ns) {
  if (entry.lease_ms == 0 || entry.deleted) {
    seen_.erase(subject);
    return false;
  }
  const auto [at, fresh] = seen_.try_emplace(subject, sight{entry.revision, now_ns});
  if (!fresh && at->second.revision == entry.revision) {
    return now_ns - at->second.since_ns >= std::uint64_t{entry.lease_ms} * 1'000'000;
  }
  at->second = {entry.revision, now_ns};
  order_.emplace_back(subject, entry.revision);
  while (order_.size() > leases_seen_max) {
    const auto& [oldest, revision] = order_.front();
    if (const auto gone = seen_.find(oldest);
        gone != seen_.end() && gone->second.revision == revision) {
      seen_.erase(gone);
    }
    order_.pop_front();
  }
  return false;
}

}  // namespace nats_transport
