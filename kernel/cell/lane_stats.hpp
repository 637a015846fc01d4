// What one lane counts. Written by the lane, read by the scraper.
#pragma once
#include <array>

#include "base/metrics.hpp"
#include "model/outcome.hpp"

namespace spawn {

struct lane_stats {
  counter requests;                             // let in at ingress
  counter refused;                              // refused with a bound reached
  std::array<counter, failures> answered_with;  // requests that failed, by why
  counter slow_clients;                         // cut off: a request trickled in
  counter invocations_ok;
  counter invocations_failed;
  counter activations;
  counter passivations;
  counter cells;             // active now
  counter messages_waiting;  // in mailboxes now
  counter host_calls;
  counter host_failures;
  counter saves;
  counter save_turns;  // turns that those saves carried
  counter save_retries;
  counter save_conflicts;
  counter save_unknown;
  counter reloads;         // cells dropped and loaded afresh
  counter snapshots_lost;  // snapshot intervals lost to another owner
  counter loads;
  counter load_failures;
  counter expired;  // messages whose deadline passed before they ran
  counter timers_fired;
  counter broadcasts;
  counter broadcasts_heard;  // on the transport, from other kernels and clients
  counter rows_sent;         // message rows stored with the state that caused them
  counter rows_consumed;     // deleted with the state they led to
  counter rows_inserted;     // from outside: async and scheduled requests
  counter row_hints_unused;  // hints that the store had to be asked about
  counter row_lists;         // pages of inboxes asked of a store
  counter row_retries;
  counter row_duplicates;  // rows that were gone when their turn was saved
  counter rows_dead;
  counter reminder_calls;
  counter fan_out_pages;            // pages of broadcasts stored for their subscribers
  counter fan_out_rows;             // and the rows in them
  counter published;                // messages that sinks have confirmed
  counter calls_keyed;              // turns whose idempotency key was stored with them
  counter calls_repeated;           // calls with a key that had taken effect before
  counter keys_reused;              // refused: another call has had the key
  counter late_answers;             // answers that came after their asker had given up
  counter live_messages;            // received by live actors (kernel/native)
  counter live_dropped;             // tells that no live actor received
  counter live_objects;             // active now
  duration_histogram request_time;  // ingress to answer
  duration_histogram mailbox_time;
  duration_histogram host_time;
  duration_histogram commit_time;
  duration_histogram load_time;
};

}  // namespace spawn
