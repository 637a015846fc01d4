// A guarded call on its way: what guarded_link.cpp and waiting.cpp share.
#pragma once
#include "resiliency/guarded_link.hpp"

namespace spawn {

// Sent in place of the call that was asked for, as often as the rules allow. Owned by the link from
// send() until the asked call's `done`. Its hook in host_call_tag is this link's while it waits
// here, and the next link's while it is out. [lane]
struct guarded_link::attempt : host_call, timer, list_hook<attempt_tag> {
  enum class station : std::uint8_t { none, for_token, for_slot, out, backing_off, ended };

  guarded_link* owner = nullptr;
  host_call* asked = nullptr;
  host_breaker* at = nullptr;     // of its host, or null
  std::uint64_t ends_ns = 0;      // of all tries; for a stored message from the first on
  std::uint64_t patience_ns = 0;  // from sending to ends_ns
  std::uint64_t sent_ns = 0;
  std::uint32_t tries = 0;
  std::uint32_t era = 0;  // of its breaker
  station where = station::none;
  bool is_counted = false;  // its end counts for the breaker
  bool has_slot = false;
  bool in_queue = false;
  bool may_have_run = false;
};

}  // namespace spawn
