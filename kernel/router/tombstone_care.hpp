// Keeps the tombstones of actors that messages still wait for (durability.md 25).
#pragma once
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/hash.hpp"
#include "model/actor_id.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/store_desk.hpp"
#include "state/writer_ids.hpp"

namespace spawn {

// A store collects a tombstone a day after it was written, and does not know of messages. So a
// tombstone that has come to half that age, while a row of its actor waits as long, is written
// anew, and lasts for another day. Each actor is looked at once an hour; an actor that is in memory
// by then has its save end as a conflict, and is loaded afresh. [lane]
class tombstone_care {
 public:
  // Borrows everything.
  tombstone_care(lane& home, std::vector<journal*> stores, store_desk& desk, record_codec& codec,
                 writer_ids& writers)
      : home_(home), stores_(std::move(stores)), desk_(desk), codec_(codec), writers_(writers) {}

  // A row has waited for this actor, which keeps its record in that store, for
  // limits::tombstone_renew_ms.
  void look(actor_view id, std::uint32_t store);

 private:
  void renew(std::uint32_t store, const stored_row& found);

  lane& home_;
  std::vector<journal*> stores_;
  store_desk& desk_;
  record_codec& codec_;
  writer_ids& writers_;
  std::unordered_set<std::string, text_hash, std::equal_to<>> looked_;  // this hour, by key
  std::int64_t forget_ms_ = 0;
};

}  // namespace spawn
