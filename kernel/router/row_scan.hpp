// Finds message rows whose receivers nobody told of them: after a start, and now and then
// (durability.md 14 and section 4).
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/log_limit.hpp"
#include "base/unique_function.hpp"
#include "state/journal.hpp"
#include "state/rows/row_codec.hpp"

namespace spawn {

struct row_scan_options {
  std::uint64_t every_ms = limits::row_scan_every_ms;
  std::uint64_t old_after_ms = limits::row_is_old_after_ms;
  std::uint32_t wakes = limits::wakes_max;
  std::uint64_t long_wait_ms = limits::tombstone_renew_ms;
};

// Walks the keys of m/ without their content and goes from receiver to receiver, so that a pass
// costs as many steps as there are receivers, however many rows wait for each. A receiver is woken
// and fetches its own rows; at most `wakes` of them at a time, so that a backlog of any size needs
// bounded memory. No cursor survives a pass, since rows are not committed in the order of their
// keys. On one lane. [lane]
class row_scan {
 public:
  // Wakes who has this address, rows of which are in that store; keeps the ticket for as long as it
  // is at it.
  using wake_fn =
      unique_function<void(actor_id address, std::uint32_t store, std::shared_ptr<void> ticket)>;

  // A row has waited in that store for `long_wait_ms`, for whoever has this address.
  using long_wait_fn = unique_function<void(actor_id address, std::uint32_t store)>;

  row_scan(lane& home, std::vector<journal*> stores, row_codec& codec,
           const row_scan_options& options, wake_fn wake, long_wait_fn long_wait,
           unique_function<void()> first_pass_done);
  ~row_scan();
  row_scan(const row_scan&) = delete;
  row_scan& operator=(const row_scan&) = delete;

  void start();
  void stop();
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  void begin_pass();
  void next_page();
  void take(list_request& request);
  void end_pass();
  void wait(std::uint64_t ms);

  lane& lane_;
  std::vector<journal*> stores_;
  row_codec& codec_;
  const row_scan_options options_;
  wake_fn wake_;
  long_wait_fn long_wait_;
  unique_function<void()> first_pass_done_;
  op_slab<list_request> lists_;
  std::size_t in_flight_ = 0;
  bool stopped_ = true;
  bool walking_ = false;
  bool recovering_ = true;
  bool incomplete_ = false;  // a store did not answer in this pass
  log_limit log_;
  std::uint32_t store_ = 0;
  std::string from_, to_, cursor_;
  std::string blocked_;  // the lane of this pass whose first row waits for an operator
  std::uint64_t asked_ns_ = 0;
  std::uint64_t reading_ns_ = 0;  // that this pass has waited for the store
  std::shared_ptr<std::atomic<std::uint32_t>> awake_;
  struct step_timer : timer {
    row_scan* owner = nullptr;
  } timer_;
};

}  // namespace spawn
