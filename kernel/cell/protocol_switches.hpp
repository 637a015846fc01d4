// Rules of the commit protocol that a simulation can switch off, to prove that its checker would
// notice (D44). All on in a kernel; nothing but tests sets them.
#pragma once

namespace spawn {

struct protocol_switches {
  bool hold_replies = true;           // rule 4: nothing leaves before its save is durable
  bool writer_per_activation = true;  // rule 2
  bool resolve_by_writing = true;     // rule 7: else a doubtful save is re-read and given up
  bool unknown_is_final = true;       // rule 8: else the message of a doubtful turn runs again
  bool reload_after_loss = true;      // rule 9: else a cell goes on with what it has in memory
  bool hold_nested = true;            // rule 6
  bool outbox = true;                 // rule 11: else what a turn sends is in memory alone
  bool consume_in_group = true;       // rule 12: else a row is deleted after its turn's save
  bool keys_in_group = true;          // rule 22: else a call with a key leaves no row
  bool fifo_by_store = true;          // rule 13: else any hint is taken as it comes
  bool outcome_in_group = true;       // rule 19: else a flow is told beside the save, not by it
  bool fan_out_goes_on = true;        // rule 24: else one that is found begins anew
  bool tokens_once = true;            // workflow.h: else a flow is told of what it dropped
};

}  // namespace spawn
