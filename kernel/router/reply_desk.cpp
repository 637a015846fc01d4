#include "router/reply_desk.hpp"

#include <utility>

namespace spawn {

reply_desk::~reply_desk() = default;

reply_ref reply_desk::park(reply_slot& caller, std::uint64_t deadline_ns) {
  auto made = std::make_unique<place>();
  made->owner = this;
  made->id = lane_.next_id();
  made->caller = &caller;
  made->fire = [](timer& t) {
    auto& late = static_cast<place&>(t);
    late.owner->answer(late.id,
                       outcome::failed(failure::outcome_unknown,
                                       "the call went on through other actors, durably; its end "
                                       "was not known by the deadline"));
  };
  lane_.timers().arm(*made, deadline_ns);
  const reply_ref out{incarnation_, made->id};
  waiting_.emplace(made->id, std::move(made));
  return out;
}

reply_slot* reply_desk::unpark(reply_ref at) {
  const auto found = waiting_.find(at.id);
  if (found == waiting_.end()) {
    return nullptr;
  }
  reply_slot* caller = found->second->caller;
  waiting_.erase(found);
  return caller;
}

bool reply_desk::answer(std::uint64_t id, outcome with) {
  reply_slot* caller = unpark({incarnation_, id});
  if (caller == nullptr) {
    return false;
  }
  caller->answer(std::move(with));
  return true;
}

void reply_desk::close() {
  while (!waiting_.empty()) {
    answer(waiting_.begin()->first,
           outcome::failed(failure::outcome_unknown,
                           "this kernel ends; the call goes on, durably, where it is served next"));
  }
}

}  // namespace spawn
