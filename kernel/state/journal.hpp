// Group commit: gathers what a lane produced in one turn and hands it to a store as one batch.
#pragma once
#include <cstdint>
#include <vector>

#include "plugin/ports/statestore_port.hpp"

namespace spawn {

class journal;

// A store operation on its way through a journal. `ended` runs on the lane once the store has
// answered; it may submit the operation again. Owned by whoever submitted it.
template <class Op>
struct store_request : pinned<Op> {
  journal* via = nullptr;
  void* owner = nullptr;
  void (*ended)(store_request&) = nullptr;
};
using load_request = store_request<spawn_ss_load>;
using save_request = store_request<spawn_ss_save>;
using list_request = store_request<spawn_ss_list>;

struct journal_counters {
  std::uint64_t batches = 0;
  std::uint64_t ops = 0;
  std::uint64_t largest = 0;
};

// One per lane and store instance (D22). A store with one queue for all lanes gets a lane's batch
// at the end of the turn, and joins the batches that wait there by itself. A store with a channel
// per lane gets one batch at a time: while it is in flight, the next one fills. [lane]
class journal {
 public:
  journal(lane& home, statestore_port& store);
  journal(const journal&) = delete;
  journal& operator=(const journal&) = delete;

  // Joins the batch of this turn. Operations submitted one after another with one atomic_group
  // stay in one batch, since a batch takes all that was gathered.
  template <class Op>
  void submit(store_request<Op>& request, std::uint16_t code, std::uint64_t deadline_ns) {
    request.home = &lane_;
    request.via = this;
    request.run = [](task& t) {
      auto& self = static_cast<store_request<Op>&>(t);
      self.via->one_ended();
      self.ended(self);
    };
    // A repeat keeps its id, so that logs show one operation.
    const std::uint64_t id = request.raw.op.op_id;
    request.arm(code, id != 0 ? id : lane_.next_id(), deadline_ns);
    add(request.raw.op);
  }
  [[nodiscard]] statestore_port& store() const noexcept { return store_; }
  [[nodiscard]] lane& home() noexcept { return lane_; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] const journal_counters& counters() const noexcept { return counters_; }

 private:
  void add(spawn_op& op);
  void one_ended();
  void flush();

  lane& lane_;
  statestore_port& store_;
  std::vector<spawn_op*> gathered_;
  std::size_t in_flight_ = 0;
  journal_counters counters_;
  struct flush_hook : turn_end {
    journal* owner = nullptr;
  } hook_;
};

}  // namespace spawn
