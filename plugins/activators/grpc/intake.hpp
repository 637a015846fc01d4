// Between those who call and the kernel: offers requests within the window and brings the answers
// back to whoever asked.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "methods.hpp"
#include "spawn/plugin/cpp/activator.hpp"
#include "spawn/plugin/cpp/pending.hpp"
#include "status.hpp"

namespace grpc_source {

using header_list = std::vector<std::pair<std::string, std::string>>;

// What became of a request. `value`: the bytes of a message of the method's output type.
struct answer {
  status how;
  std::string value;
  header_list headers;
};

// Somebody who waits for answers. Called on a lane: it passes the answer on to a thread of its own.
class caller {
 public:
  virtual ~caller() = default;
  // `ticket` as it was given to ask(). [lane]
  virtual void answered(std::uint64_t ticket, answer&& a) = 0;
};

// One for an instance. Bounded by the kernel's window. [any] where nothing else is said.
class intake {
 public:
  intake(spawn::plugin::activator_host to, std::string system);
  intake(const intake&) = delete;
  intake& operator=(const intake&) = delete;

  // Offers the request. With OK the answer comes to `who`, once, if that still is there; else the
  // request went nowhere. `d` needs what is not of the method: headers, order key, deadline.
  [[nodiscard]] status ask(const method& m, std::string bytes,
                           std::unique_ptr<spawn::plugin::delivery> d,
                           const std::shared_ptr<caller>& who, std::uint64_t ticket);

  // The lane is there; its window starts with 0. [lane]
  void open();
  void set_window(std::uint32_t window, bool pause);           // [lane]
  void settle(std::span<const spawn_settle* const> verdicts);  // [lane]
  // Nothing is offered when this returns, and who waits is told. [lane]
  void close();

  // False: quiesced, everything new is refused. [control]
  void admit(bool on);
  // True while requests are let in. A window of 0 without a pause is only a moment.
  [[nodiscard]] bool serving() const;
  [[nodiscard]] std::size_t in_flight() const;
  // Ends the op with OK when nothing is in flight. [control]
  void drain(spawn::plugin::pending<spawn_op> op);
  // Ends it although something is in flight: who asked is told when the lane closes. [control],
  // [session thread]
  void give_up_draining();

 private:
  struct asked {
    const method* what = nullptr;
    std::string actor;  // for people
    std::weak_ptr<caller> who;
    std::uint64_t ticket = 0;
  };
  [[nodiscard]] static answer answer_of(const spawn_settle& s, const asked& to);
  void drained_if_empty(std::unique_lock<std::mutex>& held);

  const spawn::plugin::activator_host host_;
  const std::string system_;
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, asked> asked_;  // by token
  std::optional<spawn::plugin::pending<spawn_op>> draining_;
  std::condition_variable offered_;
  std::uint32_t offering_ = 0;  // offers that have not returned
  std::uint32_t window_ = 0;
  std::atomic<std::uint64_t> last_token_{0};
  bool open_ = false, paused_ = false, admitting_ = true;
};

}  // namespace grpc_source
