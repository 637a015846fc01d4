#include "router/system_rows.hpp"

#include <algorithm>

#include "cell/row_end.hpp"
#include "state/rows/call_row.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

// What the call that the chain began with is told, if there is one.
invocation_ptr end_of(cell_services& services, const invocation& message, const outcome& how) {
  const message_row& row = *message.row;
  return row.call ? make_call_end(message, services.writers.next(), services.home.unix_ms(),
                                  ended_call(row.call->digest, how))
                  : nullptr;
}

}  // namespace

system_rows::system_rows(cell_services& services, const cell_options& options, store_desk& desk,
                         system_calls& calls, std::uint64_t incarnation)
    : outgoing_rows(services, desk), options_(options), calls_(calls), incarnation_(incarnation) {}

void system_rows::send(place where, invocation& message, std::uint32_t tries) {
  const std::uint64_t until = s_.home.now_ns() + row_limit_ms(options_, message) * ns_per_ms;
  calls_.ask(message, short_row_id(*message.row), until,
             [this, where = std::move(where), tries](system_answer got) {
               if (!is_stopped()) {
                 answered(where, tries, std::move(got));
               }
             });
}

void system_rows::answered(const place& where, std::uint32_t tries, system_answer got) {
  if (!got.reached) {
    again(where, 0, got.how.message());
    return;
  }
  message_row& row = *row_at(where).row;
  if (got.how.ok()) {
    end(where, [this, how = std::move(got.how)](invocation& message, row_keeper::done_fn done) {
      s_.stats.rows_consumed.add();
      conclude_row(s_, *message.row, how, end_of(s_, message, how),
                   [this, how, to = message.row->reply, then = std::move(done)](
                       row_outcome written, std::string why) mutable {
                     if (to && written == row_outcome::done) {
                       s_.out->answer(to, how);
                     }
                     then(written, std::move(why));
                   });
    });
    return;
  }
  // Somebody waits at the other end of a pipe or forward: the error is the reply (rule 18).
  const bool is_awaited = row.reply && row.reply.incarnation == incarnation_;
  row.attempts = tries;
  row.last_error = got.how.message();
  row.last_error.resize(std::min(row.last_error.size(), row_error_bytes_max));
  if (is_retried(got.how.why) && !is_awaited && tries < options_.rows.attempts_max) {
    s_.stats.row_retries.add();
    again(where, row_backoff_ms(options_.rows, tries, s_.home.rng()), row.last_error);
    return;
  }
  end(where, [this, why = got.how.why, text = std::move(got.how.text)](invocation& message,
                                                                       row_keeper::done_fn done) {
    give_up_row(s_, message, why, text, std::move(done));
  });
}

}  // namespace spawn
