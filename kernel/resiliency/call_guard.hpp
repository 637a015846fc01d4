// The bounds of one actor type or action as the lanes share them.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hostcall/host_link.hpp"
#include "lane/timer_wheel.hpp"
#include "resiliency/limiter.hpp"
#include "resiliency/policy.hpp"

namespace spawn {

class guarded_link;

// Made from the configuration before the lanes start; outlives them. The rules never change, the
// counts are atomic, and each lane has a queue of its own. [any] but for the queues, which are
// [lane].
struct call_guard {
  call_guard(call_policy asked, std::uint32_t lanes);

  // A place among the calls that wait, of which there are at most rules.queue. [any]
  [[nodiscard]] bool enter_queue() noexcept;
  void leave_queue() noexcept { queued.fetch_sub(1, std::memory_order_relaxed); }

  const call_policy rules;
  std::optional<rate_limit> rate;
  std::optional<slot_limit> slots;
  std::atomic<std::uint32_t> queued{0};

  // Calls that wait, in the order in which they came.
  struct queue {
    intrusive_list<host_call, host_call_tag> for_token;  // stored messages alone
    intrusive_list<host_call, host_call_tag> for_slot;   // these have their token
    struct token_timer : timer {
      guarded_link* owner = nullptr;
      call_guard* guard = nullptr;
    } next_token;
    bool known = false;  // the lane's link looks at it when a place is free
  };
  std::unique_ptr<queue[]> queues;  // by lane
};

// What holds for the actions of one type: an action's own rules replace the type's as a whole.
// Built once, before it is shared.
struct type_guards {
  std::unique_ptr<call_guard> all;  // may be null
  std::vector<std::pair<std::string, std::unique_ptr<call_guard>>> actions;

  [[nodiscard]] call_guard* of(std::string_view action) const noexcept;
};

}  // namespace spawn
