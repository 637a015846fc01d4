// Brings what actors publish to the sinks: rows that were stored with the states that caused them
// go out until the system outside has confirmed them.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/log_limit.hpp"
#include "cell/cell_lane.hpp"
#include "state/store_desk.hpp"
#include "workflow/sink_directory.hpp"

namespace spawn {

// One per lane, for the sinks whose names (channel_name.hpp) are the lane's. Each publisher's rows
// go out one after another, in order; those of different ones side by side, at most `held_max` per
// sink and store. A row is deleted once its message is confirmed, so a message goes out again after
// a crash: at least once, with the same dedup id. One that the sink refuses for good becomes a dead
// letter; everything else is tried again for as long as it takes. [lane]
class publisher {
 public:
  static constexpr std::size_t held_max = 1'024;

  // Borrows all; the directory may be null: there are no sinks.
  publisher(cell_services& services, store_desk& desk, const sink_directory* sinks);
  ~publisher();
  publisher(const publisher&) = delete;
  publisher& operator=(const publisher&) = delete;

  // Rows for this sink wait in that store, or may. The ticket is kept until they have been read.
  void wake(actor_view sink, std::uint32_t store, std::shared_ptr<void> ticket);
  // Submits nothing more; what the plugins have ends there.
  void stop();

 private:
  struct queue;
  struct line;
  struct message_op;
  using queue_ptr = std::shared_ptr<queue>;

  void begin_pass(const queue_ptr& at);
  void read(const queue_ptr& at);
  void take_page(const queue_ptr& at, const stored_page& page);
  void after_read(const queue_ptr& at);
  void submit(const queue_ptr& at, line& of);
  void ended(message_op& op);
  void done(const queue_ptr& at, line& of);
  void try_again(const queue_ptr& at, line& of, std::uint32_t after_ms, const std::string& why);

  cell_services& s_;
  store_desk& desk_;
  const sink_directory* const sinks_;
  op_slab<message_op> ops_;
  std::map<std::pair<std::string, std::uint32_t>, queue_ptr> queues_;  // by key and store
  log_limit log_;
  bool stopped_ = false;
};

}  // namespace spawn
