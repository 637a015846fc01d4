// Station 1 for event sources: what an activator offers becomes invocations, and how they end goes
// back as verdicts, after the state they led to is durable.
#pragma once
#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/log_limit.hpp"
#include "base/metrics.hpp"
#include "base/unique_function.hpp"
#include "intake/cursors.hpp"
#include "intake/route_table.hpp"
#include "plugin/ports/activator_port.hpp"
#include "router/lane_router.hpp"

namespace spawn {

struct intake_options {
  enum class order : std::uint8_t { key, actor, none };
  enum class dead : std::uint8_t { kernel, source, drop };
  std::uint32_t window = 256;
  order keeps = order::key;
  dead letters = dead::kernel;
  std::uint32_t attempts = 6;
  std::uint64_t retry_first_ms = 200, retry_max_ms = 30'000;
  std::uint64_t unknown_actor_ms = 60'000;
  std::uint64_t request_ms = limits::request_timeout_ms;  // of one try
  std::uint64_t request_ms_max = limits::request_timeout_ms_max;
  std::uint64_t body_max = limits::body_bytes_max;
};

// Since the kernel's start. Written by the intake's lane, read by anybody.
struct intake_counts {
  counter offered, acknowledged, retried, dead, released;
  counter in_flight;        // now: taken and not settled
  duration_histogram time;  // from the offer to the settle
};

// What still waits at a source, as it last told.
struct source_lag {
  std::uint64_t messages = UINT64_MAX;  // UINT64_MAX: not known
  std::uint64_t oldest_ms = UINT64_MAX;
};

// One activator. Messages of one order key, or of one actor, are called one after another; one that
// fails holds up those behind it until it is done or dead, and the source is asked to wait for it.
// Life: made before the instance starts, destroyed after it and the lanes have stopped. [lane], the
// port's home, unless it says otherwise.
class intake final : public activator_listener {
 public:
  intake(activator_port& port, lane_router& router, byte_budget& budget, route_table routes,
         const intake_options& options);
  ~intake() override;
  intake(const intake&) = delete;
  intake& operator=(const intake&) = delete;

  // --- from the plugin [any] ---
  std::uint32_t offer(std::span<const spawn_delivery* const> messages) noexcept override;
  void lag(std::string_view source, std::uint64_t messages,
           std::uint64_t oldest_ms) noexcept override;
  errc set_cursor(std::string_view source, std::string_view bytes) noexcept override;
  [[nodiscard]] std::optional<std::string> cursor(std::string_view source) noexcept override;

  // --- its life ---
  // Reads the cursors. Before the instance is started: it may ask for them then.
  void recover(unique_function<void(result<void>)> done);
  // Takes messages from here on. Also after pause().
  void open();
  // Takes no more; what is under way goes on.
  void pause();
  // Takes no more, gives back what was not called yet, and calls back once nothing is under way.
  // open() takes up work again.
  void drain(unique_function<void()> drained);

  enum class mode : std::uint8_t { closed, open, paused, draining, drained };
  [[nodiscard]] mode now() const noexcept {
    return mode_.load(std::memory_order_relaxed);
  }  // [any]

  // --- for people [any] ---
  [[nodiscard]] const activator_port& port() const noexcept { return port_; }
  [[nodiscard]] lane& home() const noexcept { return lane_; }
  [[nodiscard]] const intake_counts& counts() const noexcept { return counts_; }
  [[nodiscard]] std::uint32_t window() const noexcept {
    return window_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t window_max() const noexcept { return options_.window; }
  [[nodiscard]] std::map<std::string, source_lag, std::less<>> lags() const;

 private:
  struct work;
  struct work_tag;
  static constexpr std::size_t lag_sources_max = 1'024;

  void arrived(work& taken);
  void enqueue(work& taken);
  void call(work& of);
  void ended(work& of, outcome with);
  void retry(work& of, std::uint64_t after_ms, const outcome& why);
  void bury(work& of, std::string why);
  void write_letter(work& of);
  // Gives it back to the source.
  void release(work& of);
  void buried(work& of, row_outcome how, const std::string& why);
  void finish(work& of, spawn_settle with, std::string text, outcome answer = {});
  void next_of(const std::string& line);
  void flush();
  void set_window(std::uint32_t window);
  void note_pressure();
  void note_success();
  void extend_all();
  void check_drained();
  [[nodiscard]] std::uint64_t back_off(std::uint32_t tries);

  activator_port& port_;
  lane_router& router_;
  lane& lane_;
  byte_budget& budget_;
  const route_table routes_;
  const intake_options options_;
  cursors cursors_;
  intake_counts counts_;

  std::atomic<mode> mode_{mode::closed};
  std::atomic<std::uint32_t> window_{0};  // as the plugin was last told
  std::atomic<std::uint32_t> taken_{0};   // offered and not settled
  intrusive_list<work, work_tag> all_;
  std::unordered_map<std::string, std::deque<work*>, text_hash, std::equal_to<>> lines_;
  struct settled;
  std::vector<settled> settled_;
  struct flush_hook : turn_end {
    intake* owner = nullptr;
  } flush_;
  struct own_timer : timer {
    intake* owner = nullptr;
  } extend_, reopen_;
  std::uint64_t cut_ns_ = 0;  // when the window was last made smaller
  std::uint32_t good_ = 0;    // done since it was last made larger
  unique_function<void()> drained_;
  log_limit retries_, deaths_;

  mutable std::mutex mutex_;  // guards lags_
  std::map<std::string, source_lag, std::less<>> lags_;
};

}  // namespace spawn
