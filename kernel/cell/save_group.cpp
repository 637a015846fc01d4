// One save as one atomic group: the record, the rows its turns consumed, the rows they send
// (durability.md 4, 5, 10-12).
#include "base/log.hpp"
#include "cell/cell_lane.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

constexpr bool is_doubtful(errc code) noexcept {
  return code == errc::unknown_outcome || code == errc::internal || code == errc::shutdown;
}

template <class F>
void each_sent(save_batch& batch, F&& f) {
  for (auto& ended : batch.turns) {
    for (auto& send : ended.out.sends) {
      if (send->row) {
        f(*send);
      }
    }
    if (ended.out.route && ended.out.route->row) {
      f(*ended.out.route);
    }
  }
}

template <class F>
void each_consumed(save_batch& batch, F&& f) {
  for (auto& ended : batch.turns) {
    if (ended.message && ended.message->row && ended.message->row->grouped) {
      f(*ended.message->row);
    }
  }
}

}  // namespace

// The bytes stay as they are through every repeat (rule 7).
result<void> cell_lane::seal_group(cell& c, save_batch& batch) {
  record_meta meta;
  meta.birth = c.birth;
  meta.next_seq = c.next_seq;
  meta.flags =
      (c.restoring || batch.restores ? meta_restored_from : 0) | (batch.removes ? meta_deleted : 0);
  meta.definition_hash = c.def().hash;
  for (const auto& tag : wire::read_tags(c.tags)) {
    meta.tags.emplace(tag.key, tag.value);
  }
  if (c.rows && c.rows->tails().is_stored() && c.next_seq > 1) {
    meta.tails = c.rows->tails().entries();
  }
  if (c.reminders && !batch.removes) {
    meta.reminders = *c.reminders;
  }
  if (c.unknown_meta) {
    meta.unknown = *c.unknown_meta;
  }
  if (batch.writes) {
    wire::any_view state;
    const bool has_payload = !c.state_any.empty() && wire::read_any(c.state_any, state);
    SPAWN_CHECK(s_.codec.seal(batch.key, batch.new_revision, c.writer, meta, has_payload,
                              state.type_url, state.value, batch.content));
  }
  SPAWN_CHECK(seal_calls(batch));
  result<void> sealed;
  each_sent(batch, [&](const invocation& sent) {
    if (sealed) {
      sealed = s_.rows.seal(sent, batch.rows.emplace_back());
    }
  });
  return sealed;
}

void cell_lane::fill_group(cell& c, save_batch& batch) {
  const auto add = [&]() -> spawn_ss_save& {
    save_request* request = saves_.take();
    request->clear();
    request->owner = &batch;
    request->ended = [](save_request& done) {
      auto& mine = *static_cast<save_batch*>(done.owner);
      if (--mine.unanswered == 0) {
        mine.of->home->group_ended(mine);
      }
    };
    request->raw.op.flags = SPAWN_SS_F_DURABLE;
    batch.requests.push_back(request);
    return request->raw;
  };
  auto& record = add();
  record.key = slice_of(batch.key);
  record.expect_revision = c.revision;
  record.expect_writer = c.stored_writer;
  record.new_revision = batch.new_revision;
  record.writer = c.writer;
  if (batch.writes) {
    record.keep_history = c.def().policy.history_keep;
    record.keep_history_ms = c.def().policy.history_keep_ms;
    record.op.flags |= batch.erases ? SPAWN_SS_F_ERASE : 0;
    record.op.code = static_cast<std::uint16_t>(batch.removes ? SPAWN_SS_DELETE : SPAWN_SS_SAVE);
    batch.content.fill(record);
  } else {
    record.op.code = SPAWN_SS_CHECK;
  }
  // Before the rows: of a group without a save they tell whether an earlier submission landed.
  for (auto& call : batch.calls) {
    call.fill(add());
  }
  each_consumed(batch, [&](const message_row& row) {
    auto& op = add();
    op.op.code = SPAWN_SS_DELETE;
    op.op.flags |= SPAWN_SS_F_NO_TOMBSTONE;
    op.key = slice_of(row.key);
    op.expect_revision = row.revision;
    op.expect_writer = row.writer;
    op.new_revision = row.revision + 1;
    op.writer = row.writer;
    s_.stats.rows_consumed.add();
  });
  std::size_t sealed = 0;
  each_sent(batch, [&](const invocation& sent) {
    auto& op = add();
    op.op.code = SPAWN_SS_SAVE;
    op.key = slice_of(sent.row->key);
    op.new_revision = sent.row->revision;
    op.writer = sent.row->writer;
    batch.rows[sealed++].fill(op);
    s_.stats.rows_sent.add();
  });
  const std::uint64_t group = batch.requests.size() > 1 ? s_.home.next_id() : 0;
  for (save_request* request : batch.requests) {
    request->raw.atomic_group = group;
    request->raw.key_hash = hash_bytes(view_of(request->raw.key));
  }
}

void cell_lane::submit(save_batch& batch) {
  batch.at_store = true;
  ++batch.tries;
  batch.unanswered = static_cast<std::uint32_t>(batch.requests.size());
  for (save_request* request : batch.requests) {
    request->raw.out_revision = 0;
    request->raw.out_writer = 0;
    store_of(*batch.of).submit(*request, request->raw.op.code, 0);
  }
}

void cell_lane::free_requests(save_batch& batch) {
  for (save_request* request : batch.requests) {
    saves_.give_back(request);
  }
  batch.requests.clear();
}

// All or none: what one operation says of its own fate, the group's says of all.
void cell_lane::group_ended(save_batch& batch) {
  cell& c = *batch.of;
  batch.at_store = false;
  error why{errc::ok, 0, {}};
  std::size_t cause = 0;
  for (std::size_t i = 0; i < batch.requests.size(); ++i) {
    auto& op = batch.requests[i]->raw.op;
    const errc code = batch.requests[i]->status();
    std::string text = take_error_text(op);
    const bool worse = code != errc::ok &&
                       (why.code == errc::ok || (why.code == errc::aborted && code != why.code) ||
                        (is_doubtful(code) && !is_doubtful(why.code)));
    if (worse) {
      why = {code, op.retry_after_ms, std::move(text)};
      cause = i;
    }
  }
  switch (why.code) {
    case errc::ok:
      save_ok(c);
      return;
    case errc::conflict:
      if (cause == 0) {
        settle_conflict(c);
      } else if (cause <= batch.calls.size()) {
        settle_call_conflict(c, batch.requests[cause]->raw);
      } else {
        settle_row_conflict(c, batch.requests[cause]->raw);
      }
      return;
    case errc::unavailable:
    case errc::exhausted:
    case errc::deadline:
    case errc::cancelled:
    case errc::aborted:
      save_retry(c, why);
      return;
    case errc::unknown_outcome:
    case errc::internal:
    case errc::shutdown:
      doubt(c, why);
      return;
    default:
      save_lost(c, batch.in_doubt ? failure::outcome_unknown : failure::not_applied,
                "the store refused the state: " + why.text,
                batch.in_doubt ? rerun::none : rerun::refused);
  }
}

// The record is as expected, and a row is not.
void cell_lane::settle_row_conflict(cell& c, const spawn_ss_save& row) {
  save_batch& batch = *c.flying;
  const failure lost = batch.in_doubt ? failure::outcome_unknown : failure::not_applied;
  if (row.op.code == SPAWN_SS_SAVE) {
    // An id that was used before: somebody brought the record back from an older time.
    c.reborn = true;
    save_lost(c, lost, "its message ids were used before");
    return;
  }
  if (batch.in_doubt && !batch.writes && batch.calls.empty()) {
    save_ok(c);  // an earlier submission landed: nothing hung on it but the rows (rule 7)
    return;
  }
  // The message was a duplicate; those that shared the group run again (rule 12).
  s_.stats.row_duplicates.add();
  save_lost(c, lost, "a message of the same save had been consumed before",
            batch.in_doubt ? rerun::none : rerun::all);
}

}  // namespace spawn
