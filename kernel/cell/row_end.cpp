#include "cell/row_end.hpp"

#include "base/log.hpp"
#include "base/log_limit.hpp"
#include "state/rows/call_row.hpp"
#include "state/rows/outcome_row.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

// A hop behind others: what those did stands, whatever becomes of this one.
invocation_ptr told_of(cell_services& services, const message_row& row, const outcome& how) {
  if (!row.awaited) {
    return nullptr;
  }
  const bool doubtful = row.kind == row_kind::route || row.may_have_run;
  return make_outcome_row(*row.awaited, doubtful ? in_doubt(how) : how, row.store,
                          services.writers.next(), services.home.unix_ms());
}

void note_dead_letter(cell_services& services, const invocation& message) {
  services.stats.rows_dead.add();
  thread_local log_limit lines;  // a lane is a thread
  if (!lines.allows(services.home.now_ns())) {
    return;
  }
  SPAWN_LOG(warn, "a message went to the dead letters", {"actor", message.target.name},
            {"action", message.action}, {"row", row_id(*message.row)},
            {"attempts", message.row->attempts}, {"why", message.row->last_error},
            {"more_since_last_line", lines.take_held_back()});
}

}  // namespace

void conclude_row(cell_services& services, const message_row& row, const outcome& how,
                  invocation_ptr end, row_keeper::done_fn done) {
  invocation_ptr told = told_of(services, row, how);
  const invocation* to_insert = told.get();
  const bool has_answer = told && how.ok();
  services.keeper.conclude(
      row, to_insert, std::move(end),
      [&services, &row, has_answer, told = std::move(told), then = std::move(done)](
          row_outcome ended, std::string why) mutable {
        if (ended == row_outcome::refused && has_answer) {
          // Too large to keep, say: the flow hears of that in its place.
          conclude_row(services, row,
                       outcome::failed(failure::outcome_unknown,
                                       "the action ran; its answer could not be stored: " + why),
                       nullptr, std::move(then));
          return;
        }
        if (told && ended == row_outcome::done) {
          services.out->route(std::move(told));
        }
        then(ended, std::move(why));
      });
}

void give_up_row(cell_services& services, invocation& message, failure why, std::string_view text,
                 row_keeper::done_fn done) {
  const message_row& row = *message.row;
  const outcome how = outcome::failed(why, std::string(text));
  if (row.awaited && !row.awaited->failures_only) {
    conclude_row(services, row, how,
                 row.call ? make_call_end(message, services.writers.next(), services.home.unix_ms(),
                                          dead_call(row))
                          : nullptr,
                 std::move(done));
    return;
  }
  invocation_ptr told = told_of(services, row, how);
  const invocation* to_insert = told.get();
  services.keeper.bury(message, to_insert,
                       [&services, &message, how, told = std::move(told), then = std::move(done)](
                           row_outcome ended, std::string cause) mutable {
                         if (ended == row_outcome::done) {
                           note_dead_letter(services, message);
                           if (message.row->reply) {
                             services.out->answer(message.row->reply, how);
                           }
                           if (told) {
                             services.out->route(std::move(told));
                           }
                         }
                         then(ended, std::move(cause));
                       });
}

reply_slot* slot_for_row(lane& home, invocation_ptr message,
                         unique_function<void(invocation_ptr, outcome)> then) {
  struct ending final : reply_slot {
    invocation_ptr message;
    unique_function<void(invocation_ptr, outcome)> then;
  };
  auto* slot = new ending;
  slot->home = &home;
  slot->message = std::move(message);
  slot->then = std::move(then);
  slot->arrived = [](reply_slot& at) {
    const std::unique_ptr<ending> mine(static_cast<ending*>(&at));
    mine->then(std::move(mine->message), std::move(mine->result));
  };
  return slot;
}

}  // namespace spawn
