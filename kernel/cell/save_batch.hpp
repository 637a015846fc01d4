// One save of one cell: the newest state, and every turn that waits for it, with the messages those
// turns consumed and sent (durability.md 3-5).
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "lane/timer_wheel.hpp"
#include "model/invocation.hpp"
#include "model/outcome.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/rows/call_row.hpp"
#include "workflow/engine.hpp"

namespace spawn {

class cell;
struct actor_type;

// A turn that ran; its answer and what it sends are held until its state is durable.
struct finished_turn {
  invocation_ptr message;
  outcome answer;
  emission out;
  std::uint64_t ended_ns = 0;
  reply_ref parked;                // the caller's place, once a row has taken over its reply
  actor_type* type = nullptr;      // counts the turn once its reply goes out
  std::unique_ptr<call_row> call;  // what the row of its idempotency key is to say
  bool given_up = false;           // its caller was told "outcome unknown" and is counted
  // Of a flow's turn: its caller is answered by a later step; callers of earlier steps that this
  // one answers; it has ended, and leaves a tombstone.
  bool answered_later = false;
  bool ends_flow = false;
  std::vector<std::pair<reply_ref, outcome>> answers;
  std::vector<std::string> superseded;  // keys of rows that mean nothing any more: reminders'
};

// Life: made by the first turn that changes the state while no batch is gathering; gathers until
// the save before it has been answered; then its bytes are sealed once and stay as they are through
// every repeat. Destroyed when its outcome is certain. [lane]
struct save_batch {
  struct batch_timer : timer {
    save_batch* batch = nullptr;
  };

  cell* of = nullptr;
  std::uint64_t number = 0;
  std::vector<finished_turn> turns;
  std::uint32_t row_ops = 0;  // rows consumed and sent, for the cap
  std::uint64_t bytes = 0;    // of answers and emissions held, for the cap
  std::uint64_t new_revision = 0;
  std::uint64_t submitted_ns = 0;
  std::uint32_t tries = 0;
  bool at_store = false;  // the store has not answered the last submission
  bool writes = false;    // the record changes; else it is only checked (rule 5)
  bool restores = false;  // carries an older revision's content
  bool removes = false;   // leaves a tombstone; nothing is built on it
  bool erases = false;    // and drops history
  bool in_doubt = false;  // was ever UNKNOWN and not proven since
  std::string key;
  sealed_record content;
  std::vector<call_write> calls;    // rows of idempotency keys, in the order of turns
  std::vector<sealed_record> rows;  // inserted, in the order of the turns that send them
  // One atomic group: the record, the rows consumed, the rows inserted. From the lane's slab.
  std::vector<save_request*> requests;
  std::uint32_t unanswered = 0;
  batch_timer retry;
  batch_timer deadline;  // the earliest among the callers that still wait
};

}  // namespace spawn
