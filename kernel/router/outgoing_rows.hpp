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
// `held_max` per address and store, and `bytes_max` in all but for one page of an address that has
// nothing else. A row is there until it has ended, so it goes out again after a crash; before it
// goes out once more, the store is asked whether it is still there. At most `queues_max` addresses
// are at work; what does not fit is found by the next scan. [lane]
class outgoing_rows {
 public:
  static constexpr std::size_t held_max = 1'024;
  static constexpr std::size_t queues_max = 4'096;
  static constexpr std::uint64_t bytes_max = 16 << 20;

  virtual ~outgoing_rows();
  outgoing_rows(const outgoing_rows&) = delete;
  outgoing_rows& operator=(const outgoing_rows&) = delete;

  // Rows for this address wait in that store, or may. The ticket is kept while they are read.
  void wake(actor_view address, std::uint32_t store, std::shared_ptr<void> ticket);
  // A row that was for later and is due: no list of what waits shows it, and it has no order to
  // keep. One that finds no room is found again when the lane looks for what is overdue.
  void take(invocation_ptr due);
  // Sends nothing more; what is out ends without an effect.
  void stop();

 protected:
  struct queue;
  struct line;
  using queue_ptr = std::shared_ptr<queue>;
  // Where a row belongs while it is out.
  struct place {
    queue_ptr queue;
    std::string line;
  };
  using end_fn = unique_function<void(invocation&, row_keeper::done_fn)>;

  // Borrows both.
  outgoing_rows(cell_services& services, store_desk& desk);

  // Sends the message, for the so-manieth time since it was read; then one of the four below
  // follows, once. The message stays where it is until then.
  virtual void send(place where, invocation& message, std::uint32_t tries) = 0;
  // Asked before anything for the address is read or sent. False: not now; whoever says so wakes it
  // again.
  [[nodiscard]] virtual bool admits(actor_view address, std::uint32_t store) = 0;
  // What the log calls the receivers.
  [[nodiscard]] virtual std::string_view kind() const noexcept = 0;

  // It is sent again after a while, at least `after_ms`; those behind it wait.
  void send_later(const place& where, std::uint64_t after_ms, const std::string& why);
  // `write` stores how it ended. What the store refuses is sent again.
  void end(const place& where, end_fn write);
  // Stores the row's progress, then calls; not if the row is gone.
  void note(const place& where, unique_function<void()> then);
  // Drops it, and what is behind it, from memory: the store has them.
  void forget(const place& where);

  [[nodiscard]] bool is_stopped() const noexcept { return stopped_; }
  [[nodiscard]] static actor_view address_of(const place& where);
  [[nodiscard]] static std::uint32_t store_of(const place& where);
  // The row that is out there.
  [[nodiscard]] static invocation& row_at(const place& where);

  cell_services& s_;

 private:
  using queue_key = std::pair<std::string, std::uint32_t>;  // of the address, and the store

  [[nodiscard]] queue_ptr find_or_make(actor_view address, std::uint32_t store);
  void begin_pass(const queue_ptr& in);
  void read(const queue_ptr& in);
  void take_page(const queue_ptr& in, const stored_page& page);
  void add(const queue_ptr& in, const std::string& line, invocation_ptr message);
  void after_read(const queue_ptr& in);
  void send_first(const place& where);
  void send_if_there(const place& where);
  void done(const place& where);
  void drop_first(const place& where);

  store_desk& desk_;
  std::map<queue_key, queue_ptr> queues_;
  std::uint64_t held_bytes_ = 0;
  log_limit log_;
  bool stopped_ = false;
};

}  // namespace spawn
