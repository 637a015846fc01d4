// kernel_stub: one instance of the HTTP activator behind a host that does the kernel's part with a
// function of the test: a delivery in, a verdict out. For tests that speak HTTP to the plugin.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "contract/activator/http_client.hpp"
#include "spawn/plugin/activator.h"
#include "spawn/plugin/testing/fake_instance.hpp"

namespace contract {

// A delivery, copied out.
struct offered {
  std::uint64_t token = 0, deadline_ns = 0;
  std::uint32_t flags = 0, presence = 0;
  std::string source, system, parent, name, register_ref, action;
  std::string content_type, type_url, payload, order_key, dedup_id;
  std::vector<std::pair<std::string, std::string>> headers;

  [[nodiscard]] std::string header(const std::string& wanted) const;  // "(none)" without it
};

struct verdict_of_test {
  std::uint32_t verdict = SPAWN_ACK;
  spawn_status status = SPAWN_OK;
  std::string error;
  std::uint32_t presence = SPAWN_P_NOOP;
  std::string type_url, value;
  std::vector<std::pair<std::string, std::string>> headers;
  std::uint32_t delay_ms = 0;
};

// What an actor that answers with this JSON comes to.
[[nodiscard]] verdict_of_test json_reply(const std::string& json);
[[nodiscard]] verdict_of_test failure(spawn_status status, const std::string& error,
                                      std::uint32_t verdict = SPAWN_ACK);

// Life: the constructor starts an instance with an open lane and a window of 100; the destructor
// ends it, and fails the test if a rule was broken. Thread: the test's; the function runs on the
// stub's lane thread. Nothing instead of a verdict: it is left unsettled.
class kernel_stub {
 public:
  using actor = std::function<std::optional<verdict_of_test>(const offered&)>;

  explicit kernel_stub(const std::string& config, actor answers = {});
  ~kernel_stub();
  kernel_stub(const kernel_stub&) = delete;
  kernel_stub& operator=(const kernel_stub&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // One request on a connection of its own; nothing came back: status 0.
  http_reply ask(std::string_view method, std::string_view target, std::string_view headers = {},
                 std::string_view body = {});
  // The next delivery; fails the test when none comes.
  offered take();
  [[nodiscard]] std::size_t untaken();
  void settle(std::uint64_t token, const verdict_of_test& with);
  void set_window(std::uint32_t window, bool pause = false);
  // Quiesce, without waiting for its end.
  void quiesce();
  [[nodiscard]] bool is_serving();
  [[nodiscard]] bool wait_serving(bool serving);
  [[nodiscard]] spawn::plugin::testing::fake_host& host() { return host_; }

 private:
  struct stub_host : spawn::plugin::testing::fake_host {
    kernel_stub* owner = nullptr;
  };
  void on_lane(std::function<void()> task);
  void on_lane_now(const std::function<void()>& task);  // returns when it is done
  void offer(const spawn_delivery& d);
  void settle_here(std::uint64_t token, const verdict_of_test& with);  // on the lane thread
  std::uint16_t wait_port();

  stub_host host_;
  spawn_host_activator services_{};
  actor answers_;
  std::unique_ptr<spawn::plugin::testing::fake_instance> instance_;
  const spawn_activator* table_ = nullptr;
  spawn_ac_lane* lane_ = nullptr;
  std::uint16_t port_ = 0;
  spawn_op quiescing_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<offered> inbox_;
  std::deque<std::function<void()>> tasks_;
  bool over_ = false;
  std::thread lane_thread_;
};

// {"port": 0, "routes": [...]} with more keys in front of the routes: R"("idle_ms": 100,)".
[[nodiscard]] std::string config_with(const std::string& routes, const std::string& more = {});

}  // namespace contract
