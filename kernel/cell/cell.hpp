// One actor that is active on this lane: its identity, its state, and what is under way for it.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.hpp"
#include "cell/call_keys.hpp"
#include "cell/inbox.hpp"
#include "cell/save_batch.hpp"
#include "lane/timer_wheel.hpp"
#include "model/definition.hpp"
#include "model/invocation.hpp"

namespace spawn {

class cell_lane;
struct turn;
struct lru_tag;

// A registered type as this lane knows it. Lives as long as the lane; `now` is replaced when its
// host registers again, so running cells take up the new definition at their next turn. A forgotten
// type keeps its place: nothing new finds it, running cells go on with its last definition, and a
// later registration takes them over.
struct actor_type {
  definition_ptr now;
  bool forgotten = false;
  counter ok;
  counter failed;
};

enum class cell_phase : std::uint8_t {
  absent,  // in the table because messages wait for it or a drop is pending
  loading,
  initialising,  // its init action runs
  ready,
  busy,  // one turn runs
};

// A request made by this actor's host during a turn, held until what that turn read is durable.
struct held_call {
  invocation_ptr message;
  std::uint64_t batch = 0;
};

// Life: made by cell_table for the first message, driven by cell_lane, destroyed when passivated.
// Its timer is the one for idleness and, in snapshot mode, for the next snapshot. [lane]
// Size matters: an idle cell costs at most 256 bytes plus its id and state.
class cell : public timer, public list_hook<lru_tag> {
 public:
  cell(cell_lane& home, actor_view id, std::uint64_t hash, actor_type& type);
  cell(const cell&) = delete;
  cell& operator=(const cell&) = delete;
  ~cell();

  [[nodiscard]] actor_view id() const noexcept {
    const char* at = names_.get();
    return {{at, system_size_},
            {at + system_size_, parent_size_},
            {at + system_size_ + parent_size_, name_size_}};
  }
  [[nodiscard]] const definition& def() const noexcept { return *type->now; }

  // A turn may start: nothing runs, nothing is in doubt, and the save being gathered has room.
  [[nodiscard]] bool can_run() const noexcept;
  // Nothing would be lost or interrupted by forgetting it now.
  [[nodiscard]] bool is_quiet() const noexcept;
  // Number of the batch that carries the newest state; 0 when all of it is durable.
  [[nodiscard]] std::uint64_t newest_batch() const noexcept {
    return gathering ? gathering->number : flying ? flying->number : 0;
  }

 private:
  friend class cell_table;
  std::unique_ptr<char[]> names_;  // system, parent and name in a row
  cell* next_ = nullptr;           // in its bucket
  std::uint64_t hash_;
  std::uint16_t system_size_;
  std::uint16_t parent_size_;
  std::uint16_t name_size_;

 public:
  cell_phase phase = cell_phase::absent;
  bool dirty = false;         // snapshot mode: memory is ahead of the store
  bool recycle = false;       // passivate at the next quiet moment
  bool reload = false;        // drop what is in memory once the running turn has ended
  bool restoring = false;     // the first save carries an older revision's content
  bool has_payload = false;   // the stored record has a payload
  bool undeclared = false;    // its next turn arms what the configuration declares
  bool undeclarable = false;  // the store refused them: not in this life of the cell
  bool reborn = false;        // its row ids were used before: the next life gets new ones
  std::uint32_t waiting = 0;  // messages in the mailbox

  cell_lane* home;
  actor_type* type;
  std::uint64_t revision = 0;       // durable
  std::uint64_t stored_writer = 0;  // of that revision
  std::uint64_t writer = 0;         // of this activation
  std::uint64_t birth = 0;
  std::uint64_t next_seq = 1;
  std::uint64_t last_used_ns = 0;
  std::uint64_t snapshot_due_ns = 0;  // 0: none
  std::string state_any;              // encoded Any; empty: no state
  std::string tags;                   // canonical
  std::unique_ptr<call_keys> keys;    // before the messages that point into it
  intrusive_list<invocation, mailbox_tag> mailbox;
  std::unique_ptr<turn> running;
  std::unique_ptr<save_batch> flying;     // at the store, or waiting to be tried again
  std::unique_ptr<save_batch> gathering;  // fills while `flying` is out
  std::unique_ptr<std::vector<held_call>> held;
  std::unique_ptr<inbox> rows;  // none before the first message row comes or goes
  std::unique_ptr<std::vector<armed_reminder>> reminders;  // null: none
  std::unique_ptr<std::string> unknown_meta;               // fields of a newer kernel
};

}  // namespace spawn
