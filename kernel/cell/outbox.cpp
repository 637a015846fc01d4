// What a turn sends as rows of its own commit (durability.md 4, 11, 21).
#include "cell/actor_pool.hpp"
#include "cell/row_end.hpp"
#include "model/channel_name.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/outcome_row.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

// A spawned name is addressed by the parent it was, or is about to be, spawned from.
void settle_address(invocation& message) {
  auto& to = message.target;
  if (to.parent == to.name) {
    to.parent = {};
  }
  if (to.parent.empty() && !message.register_ref.empty() && message.register_ref != to.name) {
    to.parent = message.register_ref;
  }
}

}  // namespace

bool cell_lane::is_durable_sender(const cell& c) const {
  return c.def().served_by != nullptr ||
         (options_.rules.outbox && c.def().mode() == durability::commit);
}

// Whether anything of it is to be a row; notes which broadcasts are.
bool cell_lane::sends_rows(const cell& c, emission& out) const {
  if (!is_durable_sender(c)) {
    return false;
  }
  bool any = !out.sends.empty() || out.route;
  for (auto& order : out.broadcasts) {
    order.has_row = s_.out->is_heard_durably(order.system, order.channel);
    any = any || order.has_row;
  }
  return any;
}

// The turn's rows, gone and new, belong to the group that carries its state.
void cell_lane::join_group(cell& c, save_batch& batch, finished_turn& ended) {
  if (ended.message && ended.message->row && options_.rules.consume_in_group) {
    ended.message->row->grouped = true;
    batch.bytes += ended.message->row->key.size();
    ++batch.row_ops;
  }
  if (is_durable_sender(c)) {
    emit_rows(c, ended);
  }
  tell_flow(c, ended);
  for (const auto& send : ended.out.sends) {
    batch.bytes += send->charged_bytes;
    ++batch.row_ops;
  }
  if (ended.out.route) {
    batch.bytes += ended.out.route->charged_bytes;
    ++batch.row_ops;
  }
  if (is_keyed(c, ended)) {
    take_key(c, batch, ended);
  }
  end_chain(c, batch, ended);
}

// Rows are made in the order in which the turn sends, and numbered in the order of turns.
void cell_lane::emit_rows(cell& c, finished_turn& ended) {
  for (auto& send : ended.out.sends) {
    const bool is_made = send->row && send->row->revision != 0;
    if (!is_made) {
      make_row(c, *send, send->row ? send->row->kind : row_kind::effect);
    }
  }
  emit_broadcasts(c, ended.out);
  invocation* route = ended.out.route.get();
  if (route == nullptr || route->hops > options_.hops_max) {
    return;  // one hop too many is an answer, not a message
  }
  make_row(c, *route, row_kind::route);
  message_row& row = *route->row;
  if (ended.message->row) {
    row.reply = ended.message->row->reply;
    row.awaited = ended.message->row->awaited;
    row.call = ended.message->row->call;
  } else if (ended.message->reply != nullptr) {
    // The receiver may find the row and answer before this lane hears that it is stored.
    row.reply = s_.out->park(*ended.message->reply, ended.message->deadline_ns);
    ended.parked = row.reply;
    ended.message->reply = nullptr;
  }
}

// One row for all subscribers, whoever they are by the time that it gets there (rule 24).
void cell_lane::emit_broadcasts(cell& c, emission& out) {
  for (const auto& order : out.broadcasts) {
    if (!order.has_row) {
      continue;
    }
    const std::string name = channel_name(order.channel);
    const actor_view caller = order.caller.view();
    auto made = make_kernel_call({order.system, {}, name}, order.action, order.argument.view(),
                                 order.has_caller ? &caller : nullptr);
    made->trace = order.trace;
    made->budget = &s_.budget;
    made->charged_bytes = made->storage.size() + sizeof(invocation);
    s_.budget.take(made->charged_bytes);
    make_row(c, *made, row_kind::fan_out);
    out.sends.push_back(std::move(made));
  }
}

// A flow that waits for the message hears of its end in the same group (durability.md 19).
void cell_lane::tell_flow(cell& c, finished_turn& ended) {
  const message_row* row = ended.message ? ended.message->row.get() : nullptr;
  const bool goes_on = ended.answered_later || (ended.out.route && ended.out.route->row);
  if (row == nullptr || !row->grouped || !row->awaited || goes_on) {
    return;
  }
  // One hop too many is a failure behind a turn that stands; so is one that failed behind others.
  const bool is_lost = ended.out.route != nullptr;
  outcome how = is_lost ? in_doubt(hop_limit_reached(options_)) : ended.answer;
  if (row->kind == row_kind::route) {
    how = in_doubt(std::move(how));
  }
  if (!options_.rules.outcome_in_group) {
    conclude_row(s_, *row, how, nullptr, [](row_outcome, const std::string&) {});
    return;
  }
  if (auto told =
          make_outcome_row(*row->awaited, how, c.def().policy.store, c.writer, s_.home.unix_ms())) {
    ended.out.sends.push_back(std::move(told));
  }
}

void cell_lane::make_row(cell& c, invocation& message, row_kind kind) {
  settle_address(message);
  if (!message.row) {
    message.row = std::make_unique<message_row>();
  }
  message_row& row = *message.row;
  row.kind = kind;
  row.store = c.def().policy.store;
  row.revision = 1;
  row.writer = c.writer;
  row.sender = row_actor(c.id());
  if (kind == row_kind::async) {
    row.sender += "/%r";  // a reminder's call: nothing that the actor sends holds it up
  }
  inbox& known = inbox_of(c);
  if (c.next_seq == 1) {
    known.tails().begin();
  }
  row.birth = c.birth;
  row.seq = c.next_seq++;
  if (row.awaited) {
    auto named = std::make_shared<awaited_by>(*row.awaited);
    named->sender = row.sender;
    named->birth = row.birth;
    named->seq = row.seq;
    row.awaited = std::move(named);
  }
  row.created_ms = s_.home.unix_ms();
  if (message.scheduled_to > row.created_ms) {
    row.due_ms = message.scheduled_to;
  }
  message.scheduled_to = 0;
  if (row.is_ordered()) {
    const auto& to = message.target;
    const std::uint64_t receiver = hash_pair(to.system, to.name);
    row.prev = known.tails().find(receiver);
    row.is_first = row.prev == 0 && known.tails().is_complete();
    known.tails().sent(receiver, row.seq);
  }
  row.key = pending_key(message.target, row);
  if (kind == row_kind::reminder) {
    note_armed(c, message);
  }
}

}  // namespace spawn
