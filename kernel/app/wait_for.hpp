// The control thread waiting for a lane, with a deadline.
#pragma once
#include <chrono>
#include <future>
#include <memory>
#include <optional>

#include "lane/post.hpp"

namespace spawn {

// Posts f(done) to the lane and waits until it has called done(value), at most `limit_ms`. What f
// started may end later all the same; its value is then dropped. [control]
template <class T, class F>
[[nodiscard]] std::optional<T> wait_for(lane& on, std::uint64_t limit_ms, F&& f) {
  auto promise = std::make_shared<std::promise<T>>();
  auto future = promise->get_future();
  post(on, [promise, fn = std::forward<F>(f)]() mutable {
    fn([promise](T value) { promise->set_value(std::move(value)); });
  });
  if (future.wait_for(std::chrono::milliseconds(limit_ms)) != std::future_status::ready) {
    return std::nullopt;
  }
  return future.get();
}

}  // namespace spawn
