#include "plugin/lane_barrier.hpp"

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lane/post.hpp"

namespace spawn {

result<void> on_each_lane(const lane_set& lanes, bool running, std::uint64_t limit_ms,
                          unique_function<void(lane&)> f) {
  if (!running) {
    for (std::uint32_t i = 0; i < lanes.size(); ++i) {
      f(lanes[i]);
    }
    return {};
  }
  struct shared {
    unique_function<void(lane&)> f;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<bool> done;
    std::uint32_t left = 0;
  };
  auto s = std::make_shared<shared>();
  s->f = std::move(f);
  s->done.resize(lanes.size());
  s->left = lanes.size();
  for (std::uint32_t i = 0; i < lanes.size(); ++i) {
    post(lanes[i], [s, i, at = &lanes[i]] {
      s->f(*at);
      const std::lock_guard hold(s->mutex);
      s->done[i] = true;
      --s->left;
      s->changed.notify_all();
    });
  }
  std::unique_lock hold(s->mutex);
  if (s->changed.wait_for(hold, std::chrono::milliseconds(limit_ms),
                          [&] { return s->left == 0; })) {
    return {};
  }
  std::uint32_t missing = 0;
  while (s->done[missing]) {
    ++missing;
  }
  return fail(errc::deadline, "lane " + std::to_string(missing) + " did not come round within " +
                                  std::to_string(limit_ms) + " ms");
}

}  // namespace spawn
