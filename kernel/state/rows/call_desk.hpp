// What became of calls with an idempotency key: asks their rows (durability.md 22).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_function.hpp"
#include "model/invocation.hpp"
#include "state/journal.hpp"
#include "state/rows/call_row.hpp"

namespace spawn {

// Life: with its lane's cells. Borrows journals and codec. At most repeats_max repeats wait at a
// time. [lane]
class call_desk {
 public:
  using found_fn = unique_function<void(result<call_row>)>;
  static constexpr std::size_t repeats_max = 1'024;

  call_desk(lane& home, std::vector<journal*> stores, record_codec& codec);
  ~call_desk();
  call_desk(const call_desk&) = delete;
  call_desk& operator=(const call_desk&) = delete;

  // One read; `done` runs when the store has answered. That nothing is there is no error.
  void look(std::uint32_t store, std::string key, found_fn done);
  // A repeat of a call that is running in a chain of messages: answered with that call's end, or at
  // its own deadline, or when too many wait, with CALL_IN_PROGRESS.
  void wait(invocation_ptr repeat, std::uint32_t store, std::string key);
  // Repeats that wait are told that this kernel ends.
  void stop();

  // Index of the statestore instance of this name, if there still is one.
  [[nodiscard]] std::optional<std::uint32_t> store_named(std::string_view name) const;
  [[nodiscard]] std::string_view name_of(std::uint32_t store) const {
    return stores_[store]->store().name();
  }

 private:
  struct asking;
  struct waiting;
  void arm(const std::shared_ptr<waiting>& who);
  void look_again(const std::shared_ptr<waiting>& who);
  void end(const std::shared_ptr<waiting>& who, outcome with);

  lane& lane_;
  std::vector<journal*> stores_;
  record_codec& codec_;
  op_slab<load_request> loads_;
  std::vector<std::shared_ptr<waiting>> repeats_;
  bool stopped_ = false;
};

}  // namespace spawn
