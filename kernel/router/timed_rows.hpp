// Messages with a due time: found in the store when their time has come (durability.md 15).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/log_limit.hpp"
#include "base/unique_function.hpp"
#include "state/journal.hpp"
#include "state/rows/row_codec.hpp"

namespace spawn {

struct timed_options {
  std::uint32_t late_per_s = 5'000;     // rows sent a second that are long overdue, of this lane
  std::uint64_t look_again_ms = 5'000;  // a row that was sent and is still there is sent again
  std::uint64_t survey_ms = 30'000;     // rows that nobody told of are found after so long
};

// One per lane; it has the partitions whose number leaves its index over when divided by the number
// of lanes. In memory is one time per partition and store, whatever waits there; rows are read when
// they are due, a page at a time, and stay in the store until their receiver has committed. By the
// wall clock, looked at every second, so that a clock that was set is noticed. [lane]
class timed_rows {
 public:
  using send_fn = unique_function<void(invocation_ptr)>;

  timed_rows(lane& home, std::uint32_t lanes, std::vector<journal*> stores, row_codec& codec,
             byte_budget& budget, const timed_options& options, send_fn send);
  ~timed_rows();
  timed_rows(const timed_rows&) = delete;
  timed_rows& operator=(const timed_rows&) = delete;

  // Looks what is there, and again every survey_ms: a kernel that died may have left an insert
  // behind that lands, or has landed, without anybody to tell of it. Nothing is sent before.
  void start();
  void stop();
  // A row of one of this lane's partitions was stored.
  void stored(std::uint32_t store, std::uint32_t partition, std::int64_t due_ms);
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  struct page;
  struct partition {
    std::int64_t look_ms = 0;  // when there is something to look for; INT64_MAX: nothing is there
    bool reading = false;
    std::unique_ptr<page> paused;  // a pass that goes on when more may be sent
  };
  [[nodiscard]] partition& at(std::uint32_t store, std::uint32_t number);
  void arm();
  void tick();
  void survey(std::uint32_t store, std::string from);
  void survey_again();
  void surveyed(const page& what, errc status, std::string_view first_key);
  void read(std::uint32_t store, std::uint32_t number, std::string cursor, std::int64_t until_ms,
            std::int64_t again_ms);
  void read_page(list_request& request);
  void peek(std::uint32_t store, std::uint32_t number, std::int64_t after_ms,
            std::int64_t again_ms);
  void submit(page& what, std::uint32_t limit, bool with_payload);
  void done(page& what, std::int64_t look_ms);
  [[nodiscard]] bool may_send_late();

  lane& lane_;
  const std::uint32_t lanes_;
  std::vector<journal*> stores_;
  row_codec& codec_;
  byte_budget& budget_;
  const timed_options options_;
  send_fn send_;
  std::vector<std::vector<partition>> of_store_;
  std::vector<std::pair<std::uint32_t, std::string>> surveys_left_;  // store, from which key on
  std::vector<bool> surveying_;                                      // by store
  op_slab<list_request> lists_;
  std::size_t in_flight_ = 0;
  double late_tokens_ = 0;
  std::uint64_t tokens_at_ns_ = 0;
  bool running_ = false;
  std::uint32_t next_ = 0;  // of all partitions of all stores: where the next round begins
  log_limit log_;
  struct look_timer : timer {
    timed_rows* owner = nullptr;
  } timer_;
  struct survey_timer : timer {
    timed_rows* owner = nullptr;
  } survey_timer_;
};

}  // namespace spawn
