// Rows that leave the kernel: read from where they wait, and sent until it is known how they ended.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/log_limit.hpp"
#include "cell/cell_lane.hpp"
#include "state/store_desk.hpp"

namespace spawn {

// One per lane and kind of receiver, for the addresses that are the lane's. Each sender's rows to
// an address go out one after another, in order; those of different senders side by side, at most
// `held_max` per address and store. A row is there until it has ended, so it goes out again after a
// crash. At most `queues_max` addresses are at work; what does not fit is found by the next scan.
// [lane]
class outgoing_rows {
 public:
  static constexpr std::size_t held_max = 1'024;
  static constexpr std::size_t queues_max = 4'096;

  virtual ~outgoing_rows();
  outgoing_rows(const outgoing_rows&) = delete;
  outgoing_rows& operator=(const outgoing_rows&) = delete;

  // Rows for this address wait in that store, or may. The ticket is kept until they have been read.
  void wake(actor_view address, std::uint32_t store, std::shared_ptr<void> ticket);
  // A row that was for later and is due: no list of what waits shows it, and it has no order to
  // keep.
  void take(invocation_ptr due);
  // Sends nothing more; what is out ends without an effect.
  void stop();

 protected:
  struct queue;
  struct line;
  // Where a row belongs while it is out.
  struct place {
    std::shared_ptr<queue> at;
    std::string line;
  };
  using end_fn = unique_function<void(invocation&, row_keeper::done_fn)>;

  // Borrows both.
  outgoing_rows(cell_services& services, store_desk& desk);

  // Sends the message, for the so-manieth time in this life; then again() or end() follows, once
  // and later. The message stays where it is until then.
  virtual void send(place where, invocation& message, std::uint32_t tries) = 0;
  // What the log calls the messages.
  [[nodiscard]] virtual std::string_view what() const noexcept = 0;
  // It is sent again after a while, at least `after_ms`; those behind it wait.
  void again(const place& where, std::uint64_t after_ms, const std::string& why);
  // `write` stores how it ended. What the store refuses is sent again.
  void end(const place& where, end_fn write);
  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }
  // The row that is out there.
  [[nodiscard]] static invocation& row_at(const place& where);

  cell_services& s_;

 private:
  using queue_ptr = std::shared_ptr<queue>;
  using queue_key = std::pair<std::string, std::uint32_t>;  // of the address, and the store

  [[nodiscard]] queue_ptr find_or_make(actor_view address, std::uint32_t store);
  void begin_pass(const queue_ptr& at);
  void read(const queue_ptr& at);
  void take_page(const queue_ptr& at, const stored_page& page);
  void add(const queue_ptr& at, const std::string& to, invocation_ptr message);
  void after_read(const queue_ptr& at);
  void send_first(const queue_ptr& at, const std::string& of);
  void done(const place& where);

  store_desk& desk_;
  std::map<queue_key, queue_ptr> queues_;
  log_limit log_;
  bool stopped_ = false;
};

}  // namespace spawn
