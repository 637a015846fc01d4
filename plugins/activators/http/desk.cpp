#include "desk.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace http_activator {

namespace asio = boost::asio;

desk::desk(asio::io_context& io, spawn::plugin::activator_host host,
           std::chrono::milliseconds deadline, std::chrono::milliseconds queue)
    : io_(io), host_(host), deadline_(deadline), queue_(queue) {}

asio::awaitable<bool> desk::find_room() {
  if (!is_full() && in_line_.empty()) {
    co_return true;
  }
  if (is_refusing()) {
    co_return false;
  }
  waiting mine{asio::steady_timer(io_, queue_), {}};
  in_line_.push_back(&mine);
  bool in_time = true;
  do {
    const auto [woken] = co_await mine.until.async_wait(asio::as_tuple(asio::use_awaitable));
    in_time = woken == asio::error::operation_aborted;
  } while (in_time && is_full() && !mine.given_up);
  std::erase(in_line_, &mine);
  co_return !is_full() && !mine.given_up;
}

bool desk::offer(std::unique_ptr<spawn::plugin::delivery>& message) {
  const std::lock_guard hold(gate_);
  return gate_open_ && host_.offer(0, message);
}

asio::awaitable<std::variant<settled, answer>> desk::deliver(
    std::unique_ptr<spawn::plugin::delivery> message) {
  if (!co_await find_room()) {
    co_return refusal();
  }
  const std::uint64_t token = ++last_token_;
  message->token = token;
  message->deadline_ns = host_.host().now_ns() +
                         static_cast<std::uint64_t>(std::chrono::nanoseconds(deadline_).count());
  waiting mine{asio::steady_timer(io_, deadline_), {}};
  unsettled_.emplace(token, &mine);
  if (!offer(message)) {  // the kernel has made the window smaller; word of it is under way
    unsettled_.erase(token);
    co_return refusal();
  }
  (void)co_await mine.until.async_wait(asio::as_tuple(asio::use_awaitable));
  if (!mine.verdict.empty()) {
    co_return std::move(mine.verdict.front());
  }
  if (mine.given_up) {
    co_return refusal();
  }
  unsettled_[token] = nullptr;
  co_return problem(504, "no answer in time; the action may have run, or may still run");
}

answer desk::refusal() const {
  return problem(503,
                 closed_   ? "this server takes no requests now: it is being started or stopped"
                 : paused_ ? "requests are not taken at the moment: an operator has paused this"
                           : "too many requests are waiting for actors",
                 1);
}

void desk::room_again() {
  const std::size_t room = is_full() ? 0 : window_ - unsettled_.size();
  for (std::size_t i = 0; i < std::min(room, in_line_.size()); ++i) {
    in_line_[i]->until.cancel();
  }
}

void desk::set_window(std::uint32_t window, bool paused) {
  window_ = window;
  paused_ = paused;
  if (paused) {
    for (waiting* one : in_line_) {
      one->given_up = true;
      one->until.cancel();
    }
  }
  room_again();
}

void desk::settle(std::vector<settled> verdicts) {
  for (settled& one : verdicts) {
    const auto at = unsettled_.find(one.token);
    if (at == unsettled_.end() || one.verdict == SPAWN_EXTEND) {
      continue;
    }
    if (waiting* who = at->second; who != nullptr) {
      who->verdict.push_back(std::move(one));
      who->until.cancel();
    }
    unsettled_.erase(at);
  }
  room_again();
}

void desk::set_gate(bool open) {
  const std::lock_guard hold(gate_);
  gate_open_ = open;
}

void desk::give_up() {
  closed_ = true;
  for (waiting* one : in_line_) {
    one->given_up = true;
    one->until.cancel();
  }
  for (auto& [token, one] : unsettled_) {
    if (one != nullptr) {
      one->given_up = true;
      one->until.cancel();
    }
  }
  unsettled_.clear();
}

}  // namespace http_activator
