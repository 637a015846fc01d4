// Calls with an idempotency key: one takes effect, its repeats get what it was answered
// (durability.md 22). The store decides, by the key's row in the group of the call's turn. What is
// asked of it before the turn spares the host a second run, and finds the answer; it is asked when
// the message comes, so that calls to a busy actor do not wait for it one by one.
#include <algorithm>

#include "cell/actor_pool.hpp"
#include "cell/cell_lane.hpp"
#include "model/reserved_metadata.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

// Of rows only those that a turn sent are calls of their own; the key of one from outside was taken
// when the row was stored.
bool may_have_key(const invocation& message) noexcept {
  if (message.order || message.read_state) {
    return false;
  }
  return !message.row || message.row->kind == row_kind::effect ||
         message.row->kind == row_kind::route || message.row->kind == row_kind::flow_invoke;
}

std::string refusal(const error& why) {
  return "the store did not tell whether the call with this idempotency-key took effect before: " +
         why.text + "; the action was not executed";
}

}  // namespace

std::shared_ptr<call_key> call_keys::obtain(std::string store_key) {
  const auto found = keys_.find(store_key);
  if (found != keys_.end()) {
    if (auto known = found->second.lock()) {
      return known;
    }
    keys_.erase(found);
  }
  if (keys_.size() >= sweep_at_) {
    std::erase_if(keys_, [](const auto& each) { return each.second.expired(); });
    sweep_at_ = std::max(sweep_at_least, 2 * keys_.size());
  }
  auto made = std::make_shared<call_key>(store_key);
  keys_.emplace(std::move(store_key), made);
  return made;
}

void call_keys::forget_all() {
  for (auto& [name, held] : keys_) {
    if (const auto key = held.lock()) {
      key->forget();
    }
  }
}

// A message joins the mailbox.
void cell_lane::note_key(cell& c, invocation& message) {
  const kv_view* named = message.find_metadata(metadata_idempotency_key);
  if (named == nullptr || !may_have_key(message) || c.def().mode() != durability::commit) {
    return;
  }
  if (!c.keys) {
    c.keys = std::make_unique<call_keys>();
  }
  message.keyed = c.keys->obtain(call_row_key(c.id(), named->value));
  if (message.keyed->is == call_key::knowledge::none && !message.keyed->in_save) {
    ask_for_key(c, message.keyed);
  }
}

void cell_lane::ask_for_key(cell& c, const std::shared_ptr<call_key>& key) {
  key->is = call_key::knowledge::asked;
  ++c.keys->asking;
  calls_.look(c.def().policy.store, key->key,
              [this, &c, held = std::weak_ptr(key)](result<call_row> found) {
                --c.keys->asking;
                if (const auto asked = held.lock()) {
                  key_told(*asked, std::move(found));
                }
                run_next(c);
                pump(c);
                maybe_forget(c);
                check_drained();
              });
}

void cell_lane::key_told(call_key& key, result<call_row> found) {
  if (key.is != call_key::knowledge::asked) {
    key.is = call_key::knowledge::none;
  } else if (found) {
    key.row = std::move(*found);
    key.is = call_key::knowledge::known;
  } else {
    key.why = std::move(found.error());
    key.is = call_key::knowledge::failed;
  }
}

// Whether the first message of the mailbox can go on: what is stored is known, and no turn before
// it is about to change that.
bool cell_lane::knows_key(cell& c, const invocation& first) {
  call_key& key = *first.keyed;
  if (key.in_save) {
    return false;
  }
  if (key.is == call_key::knowledge::none) {
    ask_for_key(c, first.keyed);
  }
  return key.is == call_key::knowledge::known || key.is == call_key::knowledge::failed;
}

// True: the message needs no run, and is done with.
bool cell_lane::answer_repeat(cell& c, invocation_ptr& message) {
  call_key& key = *message->keyed;
  if (key.is == call_key::knowledge::failed) {
    key.is = call_key::knowledge::none;
    refuse(c, std::move(message), failure::unavailable, refusal(key.why));
    return true;
  }
  if (!key.row.is_there) {
    return false;
  }
  if (key.row.digest != call_digest(message->action, message->argument)) {
    s_.stats.keys_reused.add();
    refuse(c, std::move(message), failure::key_reused,
           "a call with this idempotency-key had another action or payload");
    return true;
  }
  s_.stats.calls_repeated.add();
  if (key.row.state == call_state::running) {
    if (message->row) {
      row_failed(c, std::move(message), failure::call_in_progress,
                 "the call with its idempotency-key has not come to its end yet");
      return true;
    }
    const std::string where = key.key;
    message->keyed.reset();
    calls_.wait(std::move(message), c.def().policy.store, where);
    return true;
  }
  if (!message->row) {
    message->answer(key.row.answer());
    message.reset();
    return true;
  }
  finished_turn ended;
  ended.answer = key.row.answer();
  message->keyed.reset();
  ended.message = std::move(message);
  ended.type = c.type;
  finish(c, std::move(ended), false, false);
  return true;
}

bool cell_lane::is_keyed(const cell& c, const finished_turn& ended) const {
  return ended.message && ended.message->keyed && c.def().mode() == durability::commit &&
         options_.rules.keys_in_group;
}

// The turn's group creates the row of its key. What it says is settled with the turn.
void cell_lane::take_key(cell& c, save_batch& batch, finished_turn& ended) {
  invocation& message = *ended.message;
  call_key& key = *message.keyed;
  std::string digest = call_digest(message.action, message.argument);
  const bool goes_on = ended.out.route && ended.out.route->row;
  if (goes_on && !ended.out.route->row->call) {
    ended.call = std::make_unique<call_row>();
    ended.call->digest = digest;
    ended.out.route->row->call = std::make_shared<call_link>(
        call_link{std::string(calls_.name_of(c.def().policy.store)), key.key, key.row.revision + 1,
                  c.writer, std::move(digest)});
  } else {
    ended.call = std::make_unique<call_row>(end_of_call(std::move(digest), ended));
  }
  key.in_save = true;
  batch.bytes += ended.call->response.any.size() + key.key.size();
  ++batch.row_ops;
  s_.stats.calls_keyed.add();
}

// What a call comes to with this turn, as the last of its chain or the only one.
call_row cell_lane::end_of_call(std::string digest, const finished_turn& ended) const {
  if (ended.answered_later) {
    return unkept_call(std::move(digest));  // a flow answers, in a step to come
  }
  if (!ended.out.route) {
    return ended_call(std::move(digest), ended.answer);
  }
  if (ended.out.route->hops > options_.hops_max) {
    return ended_call(std::move(digest), hop_limit_reached(options_));
  }
  return unkept_call(std::move(digest));  // it goes on where nobody reports back
}

// The last hop of a call's chain tells the row of the call, by a message of its own commit.
void cell_lane::end_chain(cell& c, save_batch& batch, finished_turn& ended) {
  const bool goes_on = ended.out.route && ended.out.route->row;
  const message_row* row = ended.message ? ended.message->row.get() : nullptr;
  if (row == nullptr || !row->call || !row->grouped || goes_on) {
    return;
  }
  ended.out.sends.push_back(make_call_end(*ended.message, c.writer, s_.home.unix_ms(),
                                          end_of_call(row->call->digest, ended)));
  batch.bytes += ended.out.sends.back()->storage.size();
  ++batch.row_ops;
}

result<void> cell_lane::seal_calls(save_batch& batch) {
  std::string bytes;
  for (auto& ended : batch.turns) {
    if (!ended.call) {
      continue;
    }
    const call_key& key = *ended.message->keyed;
    bytes.clear();
    encode_call(*ended.call, bytes);
    SPAWN_TRY(auto made, make_call_write(s_.codec, key.key, key.row.revision, key.row.writer,
                                         batch.of->writer, options_.keys_keep_s, bytes));
    batch.calls.push_back(std::move(made));
  }
  return {};
}

void cell_lane::call_stored(const cell& c, finished_turn& ended) {
  if (!ended.call) {
    return;
  }
  call_key& key = *ended.message->keyed;
  const std::uint64_t revision = key.row.revision + 1;
  key.row = std::move(*ended.call);
  key.row.revision = revision;
  key.row.writer = c.writer;
  key.row.is_there = true;
  key.is = call_key::knowledge::known;
  key.in_save = false;
}

// The record is as expected, and the row of a key is not.
void cell_lane::settle_call_conflict(cell& c, const spawn_ss_save& op) {
  save_batch& batch = *c.flying;
  if (batch.in_doubt && op.out_writer == op.writer && op.out_revision == op.new_revision) {
    save_ok(c);  // an earlier submission of these very bytes landed
    return;
  }
  // The call took effect elsewhere, and those that shared the group run again.
  save_lost(c, batch.in_doubt ? failure::outcome_unknown : failure::not_applied,
            "a call of the same save had taken effect before",
            batch.in_doubt ? rerun::none : rerun::all);
}

}  // namespace spawn
