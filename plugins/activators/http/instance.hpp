// One HTTP activator: its life, and the lane that the kernel opens in it.
#pragma once
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "desk.hpp"
#include "listener.hpp"
#include "service.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace http_activator {

// All work is done on the session thread, which runs from start() to stop(); the calls of the
// kernel are posted to it. [control], if nothing else is said.
class instance {
 public:
  // Tells the session thread. The calls never wait for it. [lane]
  class lane {
   public:
    explicit lane(instance& owner);
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;
    ~lane();
    void set_window(std::uint32_t window, bool pause);
    void settle(std::span<const spawn_settle* const> verdicts);

   private:
    instance& owner_;
  };

  explicit instance(const spawn::plugin::create_args& args);  // throws refused
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;
  ~instance();

  void start(spawn::plugin::pending<spawn_op> op);
  void quiesce(spawn::plugin::pending<spawn_op> op);
  void drain(spawn::plugin::pending<spawn_op> op);
  void stop(spawn::plugin::pending<spawn_op> op);

  [[nodiscard]] std::uint64_t capabilities() const noexcept { return SPAWN_AC_CAP_REPLY; }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number);

 private:
  struct draining;
  void run() noexcept;
  void look_whether_drained(std::shared_ptr<draining> one);
  void join() noexcept;

  const spawn::plugin::host_ref host_;
  const std::string name_;
  const settings settings_;
  boost::asio::io_context io_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  desk desk_;
  service service_;
  listener listener_;
  std::thread thread_;
};

}  // namespace http_activator
