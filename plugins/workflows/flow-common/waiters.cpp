#include "flow-common/waiters.hpp"

#include <utility>

namespace spawn::plugin::flows {

bool waiter_list::add(const spawn_wf_step& in) {
  if (in.call_id == 0) {
    return true;
  }
  std::erase_if(waiters_, [&](const waiter& w) {
    return w.call_id == in.call_id || (w.deadline != 0 && w.deadline <= in.now_unix_ms);
  });
  if (waiters_.size() >= waiters_max) {
    return false;
  }
  waiters_.push_back({in.call_id, in.deadline_unix_ms});
  return true;
}

std::vector<std::uint64_t> waiter_list::take() {
  std::vector<std::uint64_t> out;
  for (const waiter& w : std::exchange(waiters_, {})) {
    out.push_back(w.call_id);
  }
  return out;
}

void waiter_list::write(scratch_writer& out, std::uint32_t field) const {
  for (const waiter& w : waiters_) {
    scratch_writer inner;
    inner.number(1, w.call_id);
    inner.time(2, w.deadline);
    out.message(field, inner);
  }
}

void waiter_list::read(scratch_reader& in) {
  const auto w = read_message<waiter>(in, [](scratch_reader& inner, waiter& made) {
    if (inner.field() == 1) {
      made.call_id = inner.number();
    } else if (inner.field() == 2) {
      made.deadline = inner.time();
    }
  });
  in.require(w.call_id != 0 && waiters_.size() < waiters_max);
  for (const waiter& known : waiters_) {
    in.require(known.call_id != w.call_id);
  }
  waiters_.push_back(w);
}

}  // namespace spawn::plugin::flows
