// actor_kernel: a host of the grpc activator that answers requests the way actors would.
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

#include "contract/activator/source_client.hpp"
#include "contract/common/temp_dir.hpp"

namespace grpc_test {

// A verdict with its reply.
struct given {
  spawn_status status = SPAWN_OK;
  std::uint32_t presence = SPAWN_P_VALUE;
  std::string type_url, value, error;
  contract::headers with;
  std::uint32_t verdict = SPAWN_ACK;
};
// A shop.v1.Reply with that text.
[[nodiscard]] given reply(const std::string& text);

struct request : contract::seen {
  std::uint64_t deadline_ns = 0;
};

// One started instance with lane 0, over the contracts of contracts.hpp. Life: the constructor
// returns when it serves. Thread: one of its own is the lane and runs `actor`; the rest is the
// test's. Checks at the end that the instance broke no rule.
class actor_kernel {
 public:
  // Nothing: the request waits for answer().
  using actor_fn = std::function<std::optional<given>(const request&)>;
  struct options {
    std::string more = {};  // of the config: ", \"key\": value"
    std::uint32_t window = 64;
    bool http = false;
    std::string http_more = {};  // of the http block
  };

  actor_kernel(const spawn_plugin_entry* entry, actor_fn actor, const options& with);
  actor_kernel(const spawn_plugin_entry* entry, actor_fn actor)
      : actor_kernel(entry, std::move(actor), options()) {}
  actor_kernel(const actor_kernel&) = delete;
  actor_kernel& operator=(const actor_kernel&) = delete;
  // Throws nothing; verify() first.
  ~actor_kernel();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] std::uint16_t http_port() const noexcept { return http_port_; }
  void set_window(std::uint32_t window, bool pause = false);
  void answer(std::uint64_t token, given g);
  // All requests so far, once there are n.
  std::vector<request> requests(std::size_t n);
  [[nodiscard]] std::size_t count();
  // Ends the instance and says if a rule was broken.
  void end();
  [[nodiscard]] spawn::plugin::testing::fake_host& host() { return host_; }

 private:
  struct serving_host : spawn::plugin::testing::fake_host {
    actor_kernel* owner = nullptr;
  };
  std::uint32_t offered(const spawn_delivery* const* d, std::uint32_t n);
  void run();
  void settle(std::uint64_t token, const given& g);

  contract::temp_dir dir_;
  std::uint16_t port_, http_port_;
  actor_fn actor_;
  serving_host host_;
  spawn_host_activator services_{};
  std::unique_ptr<spawn::plugin::testing::fake_instance> instance_;
  const spawn_activator* table_ = nullptr;
  spawn_ac_lane* lane_ = nullptr;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<request> requests_;
  std::deque<std::function<void()>> work_;  // of the lane
  std::map<std::uint64_t, spawn_buf> owners_;
  std::uint32_t window_ = 0;
  bool over_ = false;
  std::thread thread_;
};

}  // namespace grpc_test
