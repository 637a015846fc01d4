// Drops earlier revisions that have become too old, of actors that no save does it for.
#pragma once
#include <cstdint>
#include <vector>

#include "lane/timer_wheel.hpp"
#include "router/lane_router.hpp"
#include "router/policies.hpp"

namespace spawn {

// A save prunes the history of its own actor. Of an actor that is never saved again the history
// would stay for ever, whatever `history.keep` says: so one lane walks the records of each store, a
// page at a time with a pause between, and prunes those whose type keeps history by age. Several
// kernels on one store do it twice, which is harmless. A record is looked at again only if it was
// saved since the pass before could have seen all of its history grow old.
// Life: made before its lane starts, destroyed after it stopped. [lane]
class retention {
 public:
  retention(lane_router& on, const policies& rules);
  retention(const retention&) = delete;
  retention& operator=(const retention&) = delete;

  // Nothing is done where no type keeps history by age.
  void start();
  // No pass begins after this; what is at the store ends there.
  void stop();

 private:
  struct step_timer : timer {
    retention* owner = nullptr;
  };
  [[nodiscard]] std::uint64_t age_of(std::string_view type) const;
  void begin_pass();
  void next_page();
  void take(result<stored_page> page);
  void after_page(std::string cursor);
  void wait(std::uint64_t ms);

  lane_router& router_;
  const policies& rules_;
  std::uint64_t every_ms_ = 0;  // between passes; 0: no type keeps history by age
  step_timer timer_;
  bool walking_ = false;
  bool stopped_ = false;
  bool incomplete_ = false;  // this pass could not see or prune everything
  std::size_t store_ = 0;
  std::string cursor_;
  std::int64_t began_ms_ = 0;         // of this pass
  std::int64_t before_began_ms_ = 0;  // of the one before it; 0: there was none
  std::uint64_t passes_ = 0;
};

}  // namespace spawn
