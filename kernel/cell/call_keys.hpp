// What an actor knows of the idempotency keys of calls that are under way in it (durability.md 22).
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/hash.hpp"
#include "state/rows/call_row.hpp"

namespace spawn {

// One key. Shared by the messages that came with it, and gone with the last of them: the store
// remembers, not the cell. [lane]
class call_key {
 public:
  explicit call_key(std::string store_key) : key(std::move(store_key)) {}

  enum class knowledge : std::uint8_t {
    none,
    asked,   // the store is asked
    stale,   // it is asked, but what it answers may be out of date
    known,   // `row` says what is stored
    failed,  // the store did not tell; `why` says why
  };

  const std::string key;
  knowledge is = knowledge::none;
  bool in_save = false;  // a turn that writes the row waits for its save
  call_row row;
  error why;

  // What was known may be wrong: the next message asks again.
  void forget() noexcept {
    is = is == knowledge::asked || is == knowledge::stale ? knowledge::stale : knowledge::none;
    in_save = false;
  }
};

// Those of one cell. Life: made for the first message with a key, gone with the cell, which
// outlives every message that has one. Bounded by the messages of the cell. [lane]
class call_keys {
 public:
  [[nodiscard]] std::shared_ptr<call_key> obtain(std::string store_key);
  void forget_all();
  // The store is being asked for the cell.
  [[nodiscard]] bool is_quiet() const noexcept { return asking == 0; }

  std::uint32_t asking = 0;

 private:
  static constexpr std::size_t sweep_at_least = 64;
  std::unordered_map<std::string, std::weak_ptr<call_key>, text_hash, std::equal_to<>> keys_;
  std::size_t sweep_at_ = sweep_at_least;
};

}  // namespace spawn
