// Where requests wait for the kernel: tokens, the window, verdicts.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <variant>
#include <vector>

#include "answers.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace http_activator {

// Life: as long as the instance; whoever waits here ends at close(). [session], if nothing else is
// said. Bounded: no more unsettled tokens than the window, no more that wait than connections.
class desk {
 public:
  desk(boost::asio::io_context& io, spawn::plugin::activator_host host,
       std::chrono::milliseconds deadline, std::chrono::milliseconds queue);
  desk(const desk&) = delete;
  desk& operator=(const desk&) = delete;

  // Offers it and waits for the verdict. An answer when there is no verdict: no room in the window,
  // or none came in time; the token counts until it is settled even so.
  boost::asio::awaitable<std::variant<settled, answer>> deliver(
      std::unique_ptr<spawn::plugin::delivery> message);

  // Whether an offer would have to wait.
  [[nodiscard]] bool is_full() const noexcept { return closed_ || unsettled_.size() >= window_; }
  // Nothing but a 503 is to be had now.
  [[nodiscard]] bool is_refusing() const noexcept {
    return is_full() && (closed_ || paused_ || queue_.count() == 0);
  }
  [[nodiscard]] answer refusal() const;
  [[nodiscard]] std::size_t unsettled() const noexcept { return unsettled_.size(); }

  void set_window(std::uint32_t window, bool paused);
  void settle(std::vector<settled> verdicts);

  // Closed at first; once it is closed again nothing is offered any more. [lane]
  void set_gate(bool open);
  // After the gate was opened, or closed: then everybody who waits gets a 503.
  void welcome() noexcept { closed_ = false; }
  void give_up();

 private:
  struct waiting {
    boost::asio::steady_timer until;
    std::vector<settled> verdict;  // one, once it is there
    bool given_up = false;
  };
  boost::asio::awaitable<bool> find_room();
  void room_again();
  [[nodiscard]] bool offer(std::unique_ptr<spawn::plugin::delivery>& message);

  boost::asio::io_context& io_;
  const spawn::plugin::activator_host host_;
  const std::chrono::milliseconds deadline_, queue_;
  std::uint32_t window_ = 0;
  bool paused_ = false;
  std::uint64_t last_token_ = 0;
  std::unordered_map<std::uint64_t, waiting*> unsettled_;  // null: its client waits no more
  std::deque<waiting*> in_line_;                           // for room
  std::mutex gate_;  // held while offering, so that set_gate() comes before or after it
  bool gate_open_ = false;
  bool closed_ = true;
};

}  // namespace http_activator
