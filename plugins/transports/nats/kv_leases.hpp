// When a lease has run out, in this instance's own view: a key whose revision has not changed for
// its whole lease, measured by this process's clock from when it was first seen. No clock is
// compared with another machine's.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "kv_entry.hpp"

namespace nats_transport {

inline constexpr std::size_t leases_seen_max = 65'536;  // the longest unseen are forgotten: they
                                                        // count as seen anew

// [session thread]
class kv_leases {
 public:
  // Notes what was seen of a key; true when that revision's lease has run out.
  bool expired(const std::string& subject, const kv_entry& entry, std::uint64_t now_ns);
  void forget(const std::string& subject) { seen_.erase(subject); }

 private:
  struct sight {
    std::uint64_t revision, since_ns;
  };
  std::unordered_map<std::string, sight> seen_;
  std::deque<std::pair<std::string, std::uint64_t>> order_;  // subject and revision, oldest first
};

}  // namespace nats_transport
