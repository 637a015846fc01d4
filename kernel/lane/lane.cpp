#include "lane/lane.hpp"

#include "base/limits.hpp"

namespace spawn {

lane::lane(std::uint32_t index, const clock& time, std::uint64_t seed)
    : index_(index), clock_(time), timers_(time.now_ns()), rng_(seed) {}

void lane::post(task& t) noexcept {
  if (inbox_.push(&t)) {
    wake();
  }
}

bool lane::post_request(task& t) noexcept {
  if (waiting_requests_.fetch_add(1, std::memory_order_relaxed) >= limits::in_force.lane_requests) {
    waiting_requests_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  post(t);
  return true;
}

void lane::defer(task& t) noexcept {
  t.mpsc_next = nullptr;
  if (deferred_tail_ == nullptr) {
    deferred_head_ = &t;
  } else {
    deferred_tail_->mpsc_next = &t;
  }
  deferred_tail_ = &t;
}

void lane::at_turn_end(turn_end& hook) noexcept {
  if (!hook.is_linked()) {
    turn_ends_.push_back(hook);
  }
}

std::size_t lane::run_deferred() {
  std::size_t ran = 0;
  while (deferred_head_ != nullptr) {
    mpsc_node* node = deferred_head_;
    deferred_head_ = node->mpsc_next;
    if (deferred_head_ == nullptr) {
      deferred_tail_ = nullptr;
    }
    auto& t = static_cast<task&>(*node);
    enter("deferred");
    t.run(t);
    ++ran;
  }
  return ran;
}

std::size_t lane::run_turn() {
  std::size_t ran = 0;
  for (mpsc_node* node = inbox_.take_all(); node != nullptr;) {
    mpsc_node* next = node->mpsc_next;
    auto& t = static_cast<task&>(*node);
    enter("inbox");
    t.run(t);
    ++ran;
    node = next;
  }
  ran += run_deferred();
  enter("timers");
  ran += timers_.advance(now_ns());
  ran += run_deferred();
  while (turn_end* hook = turn_ends_.pop_front()) {
    enter("batch");
    hook->run(*hook);
    ran += run_deferred();
  }
  now_ns_ = 0;
  return ran;
}

}  // namespace spawn
