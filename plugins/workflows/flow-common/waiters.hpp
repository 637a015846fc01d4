// waiter_list: the requests that are answered when a flow ends. Part of a scratch; bounded.
#pragma once
#include <cstdint>
#include <vector>

#include "flow-common/scratch_codec.hpp"

namespace spawn::plugin::flows {

inline constexpr std::size_t waiters_max = 64;

class waiter_list {
 public:
  // The request of this step waits from now on. Those whose deadline has passed make room. False:
  // there is none.
  bool add(const spawn_wf_step& in);
  // The call_ids, which are forgotten.
  [[nodiscard]] std::vector<std::uint64_t> take();

  void write(scratch_writer& out, std::uint32_t field) const;
  // One element, as the field's value.
  void read(scratch_reader& in);

 private:
  struct waiter {
    std::uint64_t call_id = 0;
    std::int64_t deadline = 0;  // 0 = none
  };
  std::vector<waiter> waiters_;
};

}  // namespace spawn::plugin::flows
