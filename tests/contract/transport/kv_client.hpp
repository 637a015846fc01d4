// kv_client: the key-value side of one instance of a transport under test, with the events of its
// watches.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contract/transport/bus_client.hpp"

namespace contract {

struct kv_result {
  spawn_status status = SPAWN_E_INTERNAL;
  std::uint64_t revision = 0;
  std::string value, error;
};

struct kv_event {
  std::uint64_t watch_id = 0, revision = 0;
  bool deleted = false;
  std::string key, value;
};

inline constexpr std::uint64_t any_revision = UINT64_MAX;

// Thread: one test thread per client; events come on any.
class kv_client {
 public:
  kv_client(const target& t, const std::string& config);
  ~kv_client();
  kv_client(const kv_client&) = delete;
  kv_client& operator=(const kv_client&) = delete;

  kv_result get(const std::string& key, const std::string& bucket = "members");
  kv_result put(const std::string& key, const std::string& value,
                std::uint64_t expect = any_revision, std::uint32_t lease_ms = 0);
  kv_result erase(const std::string& key, std::uint64_t expect = any_revision);
  kv_result keep_alive(const std::string& key, std::uint64_t expect, std::uint32_t lease_ms = 0);
  kv_result watch(std::uint64_t id, const std::string& key = {});
  kv_result unwatch(std::uint64_t id);

  // Takes the events so far, waiting until there are n.
  std::vector<kv_event> events(std::size_t n);
  [[nodiscard]] std::size_t untaken();
  [[nodiscard]] spawn::plugin::testing::manual_clock& clock() { return bus_.clock(); }
  [[nodiscard]] bus_client& bus() { return bus_; }
  // Whether events are wanted; they are from the start on.
  void listen(bool on);
  // Of the host's tables, and of the calls of on_event.
  void verify();

 private:
  struct request {
    std::uint16_t code;
    std::string bucket = "members", key, value;
    std::uint64_t expect = any_revision, watch_id = 0;
    std::uint32_t lease_ms = 0;
  };
  kv_result run(const request& r);
  static void heard(void* self, const spawn_kv_event* e, std::uint32_t n) noexcept;

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<kv_event> events_;
  std::atomic<bool> inside_ = false, overlapped_ = false;  // calls of on_event
  bus_client bus_;
  const spawn_transport_kv* table_;
};

}  // namespace contract
