// Reminders: an actor's own timers, kept with its record (durability.md 15).
//
// What is armed is in the record's meta, and its next call waits in a timed row whose id the meta
// names. When that row is due, one save consumes it, sends what is to be called now as messages of
// the actor to itself, and arms the next row. So nothing a called action does, fails or delays
// changes when the reminder comes again, and a row that the meta does not name means nothing.
#include <algorithm>
#include <charconv>

#include "base/log.hpp"
#include "cell/cell_lane.hpp"
#include "model/reserved_metadata.hpp"
#include "schedule/reminder_spec.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::size_t calls_at_once = 64;
constexpr std::int64_t catch_up_again_ms = 1'000;

// Of one firing: fewer where the payload is large, so that it fits a save.
std::size_t calls_at_most(std::size_t payload_bytes, std::uint64_t save_bytes) {
  const std::uint64_t fit = save_bytes / std::max<std::uint64_t>(payload_bytes, 1);
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(fit, 1, calls_at_once));
}

// A row that is so long overdue is not there: its record came from elsewhere without it.
constexpr std::int64_t row_is_lost_after_ms = 300'000;

armed_reminder armed_of(const reminder_spec& from, std::int64_t due_ms) {
  armed_reminder out;
  out.name = from.name;
  out.action = from.action;
  out.cron = from.cron;
  out.zone = from.zone;
  out.every_ms = from.every_ms;
  out.missed = static_cast<std::uint8_t>(from.missed);
  out.due_ms = due_ms;
  return out;
}

result<reminder_spec> spec_of(const armed_reminder& from) {
  reminder_spec out;
  out.name = from.name;
  out.action = from.action;
  out.every_ms = from.every_ms;
  if (!from.cron.empty()) {
    out.cron = from.cron;
    out.zone = from.zone;
  }
  out.missed = static_cast<missed_fire>(from.missed);
  return prepare(std::move(out));
}

std::string row_key_of(const cell& c, const armed_reminder& of) {
  message_row row;
  row.sender = row_actor(c.id());
  row.birth = of.birth;
  row.seq = of.seq;
  row.due_ms = of.row_due_ms;
  return pending_key(c.id(), row);
}

std::string row_id_of(const cell& c, const armed_reminder& of) {
  message_row row;
  row.sender = row_actor(c.id());
  row.birth = of.birth;
  row.seq = of.seq;
  return row_id(row);
}

std::string_view text_in(const invocation& message, std::string_view key) {
  const kv_view* found = message.find_metadata(key);
  return found == nullptr ? std::string_view() : found->value;
}

error bad(std::string_view key, std::string_view why) {
  return {errc::invalid, 0, "metadata " + std::string(key) + ": " + std::string(why)};
}

// What a call with the metadata of a reminder asks for.
result<reminder_spec> spec_in(const invocation& message) {
  reminder_spec out;
  out.name = text_in(message, metadata_reminder_name);
  out.action = message.action;
  out.cron = text_in(message, metadata_reminder_cron);
  if (const auto every = text_in(message, metadata_reminder_every); !every.empty()) {
    auto read = parse_period(every);
    if (!read) {
      return fail(bad(metadata_reminder_every, read.error().text));
    }
    out.every_ms = *read;
  }
  if (out.cron.empty() == (out.every_ms == 0)) {
    return fail(bad(metadata_reminder_name, "give reminder-cron, or reminder-every"));
  }
  if (const auto zone = text_in(message, metadata_reminder_zone); !zone.empty()) {
    if (out.cron.empty()) {
      return fail(bad(metadata_reminder_zone, "a fixed period knows no time zone"));
    }
    out.zone = zone;
  }
  if (const auto word = text_in(message, metadata_reminder_missed); !word.empty()) {
    const auto missed = missed_fire_of(word);
    if (!missed) {
      return fail(bad(metadata_reminder_missed, "skip, once or all, and not " + std::string(word)));
    }
    out.missed = *missed;
  }
  return prepare(std::move(out));
}

auto named(std::vector<armed_reminder>& among, std::string_view name) {
  return std::find_if(among.begin(), among.end(),
                      [&](const armed_reminder& each) { return each.name == name; });
}

}  // namespace

// True: it was no call of an action, but about a reminder, and is done with.
bool cell_lane::take_reminder(cell& c, invocation_ptr& message) {
  if (message->row && message->row->kind == row_kind::reminder) {
    fire_reminder(c, std::move(message));
    return true;
  }
  const bool is_order = message->find_metadata(metadata_reminder_name) != nullptr;
  if (c.undeclared && !is_order && c.def().knows(message->action)) {
    c.undeclared = false;
    const std::uint64_t writer = c.writer;
    declare_reminders(c);
    if (c.writer != writer || !c.can_run()) {
      put_back(c, std::move(message));
      return true;
    }
  }
  if (!is_order) {
    return false;
  }
  order_reminder(c, std::move(message));
  return true;
}

// It is the next one, as soon as a turn may start. A row that was taken in before the actor was
// dropped from memory is in the store.
void cell_lane::put_back(cell& c, invocation_ptr message) {
  if (message->row && !inbox_of(c).owns(*message->row)) {
    return;
  }
  if (!message->row) {
    s_.home.timers().arm(message->expiry, message->deadline_ns);
  }
  ++c.waiting;
  s_.stats.messages_waiting.add();
  c.mailbox.push_front(*message.release());
}

// From outside, or as an effect of any actor: its receiver's reminder is set anew, or goes.
void cell_lane::order_reminder(cell& c, invocation_ptr message) {
  if (!is_durable_sender(c) || c.def().served_by != nullptr) {
    refuse(c, std::move(message), failure::invalid_argument,
           "metadata reminder-name: only actors of a host, in durability mode commit, have "
           "reminders");
    return;
  }
  finished_turn ended;
  ended.type = c.type;
  ended.answer = outcome::done({});
  const std::string name(text_in(*message, metadata_reminder_name));
  const auto at = c.reminders ? named(*c.reminders, name) : std::vector<armed_reminder>::iterator();
  const bool is_known = c.reminders && at != c.reminders->end();
  // "true", or the row that an operator saw: an older one of that name means nothing.
  if (const auto cancel = text_in(*message, metadata_reminder_cancel); !cancel.empty()) {
    const bool is_meant = is_known && (cancel == "true" || cancel == row_id_of(c, *at));
    if (is_meant) {
      disarm(c, name, ended);
    }
    ended.message = std::move(message);
    finish(c, std::move(ended), is_meant, false);
    return;
  }
  if (!c.def().knows(message->action)) {
    std::string text = action_unknown(*message);
    refuse(c, std::move(message), failure::action_not_found, std::move(text));
    return;
  }
  const auto is_set_by_call = [](const armed_reminder& each) { return each.declared.empty(); };
  if (!is_known && c.reminders &&
      std::count_if(c.reminders->begin(), c.reminders->end(), is_set_by_call) >=
          std::ptrdiff_t{limits::reminders_max}) {
    refuse(c, std::move(message), failure::resource_exhausted,
           "calls have set " + std::to_string(limits::reminders_max) +
               " reminders of the actor, as many as it may have");
    return;
  }
  if (message->argument.any.size() > limits::reminder_payload_bytes_max) {
    refuse(c, std::move(message), failure::too_large,
           "the payload of a reminder has at most " +
               std::to_string(limits::reminder_payload_bytes_max) + " bytes");
    return;
  }
  const auto spec = spec_in(*message);
  if (!spec) {
    std::string text = spec.error().text;
    refuse(c, std::move(message), failure::invalid_argument, std::move(text));
    return;
  }
  disarm(c, name, ended);
  const payload_view argument = message->argument;
  ended.message = std::move(message);
  arm(c, armed_of(*spec, first_due(*spec, s_.home.unix_ms())), argument, ended);
  finish(c, std::move(ended), true, false);
}

// Its row is due. The payload is in the row, and goes on to the next one.
void cell_lane::fire_reminder(cell& c, invocation_ptr message) {
  const message_row& row = *message->row;
  if (!is_durable_sender(c)) {
    refuse(c, std::move(message), failure::unavailable,
           "the actor is not in durability mode commit now; its reminders wait");
    return;
  }
  finished_turn ended;
  ended.type = c.type;
  ended.answer = outcome::done({});
  bool changed = false;
  const std::string name(text_in(*message, metadata_reminder));
  const auto at = c.reminders ? named(*c.reminders, name) : std::vector<armed_reminder>::iterator();
  const bool is_armed =
      c.reminders && at != c.reminders->end() && at->birth == row.birth && at->seq == row.seq;
  if (is_armed) {
    auto spec = spec_of(*at);
    if (!spec) {
      std::string text = spec.error().text;
      refuse(c, std::move(message), failure::unavailable, std::move(text));
      return;
    }
    armed_reminder next = std::move(*at);
    c.reminders->erase(at);
    const std::int64_t now = s_.home.unix_ms();
    const bool is_behind = inbox_of(c).pending() >= calls_at_once;  // calls that were made wait
    const firing due =
        is_behind ? firing{{}, next.due_ms}
                  : fire(*spec, next.due_ms, now,
                         calls_at_most(message->argument.any.size(), options_.save_bytes_max));
    for (const std::int64_t call_due : due.calls) {
      const std::string when = std::to_string(call_due);
      ended.out.sends.push_back(
          make_kernel_call(c.id(), next.action, message->argument, nullptr,
                           {{metadata_reminder, name}, {metadata_reminder_due, when}}));
      // Without an order: one that fails holds up no other.
      ended.out.sends.back()->row->kind = row_kind::async;
      ended.out.sends.back()->charged_bytes = message->argument.any.size();
    }
    s_.stats.reminder_calls.add(due.calls.size());
    next.due_ms = due.next_due;
    if (next.due_ms != reminder_never_ms) {
      arm(c, std::move(next), message->argument, ended, is_behind ? now + catch_up_again_ms : 0);
    }
    changed = true;
  }
  ended.message = std::move(message);
  finish(c, std::move(ended), changed, false);
}

// What the configuration says of the type, against what is armed.
void cell_lane::declare_reminders(cell& c) {
  const auto& declared = c.def().policy.reminders;
  if (!is_durable_sender(c) || c.undeclarable || c.def().served_by != nullptr ||
      (!declared && !c.reminders)) {
    return;
  }
  const std::int64_t now = s_.home.unix_ms();
  finished_turn ended;
  ended.type = c.type;
  bool changed = false;
  for (const auto& old : c.reminders ? *c.reminders : std::vector<armed_reminder>()) {
    const auto says = [&](const reminder_spec& each) { return to_text(each) == old.declared; };
    const bool is_over = !old.declared.empty() &&
                         (!declared || std::none_of(declared->begin(), declared->end(), says));
    if (is_over) {
      disarm(c, old.name, ended);
      changed = true;
    }
  }
  const auto is_lost = [&](const armed_reminder& each) {
    return now - each.row_due_ms > row_is_lost_after_ms;
  };
  if (declared) {
    for (const reminder_spec& spec : *declared) {
      armed_reminder wanted = armed_of(spec, first_due(spec, now));
      if (c.reminders) {
        if (const auto at = named(*c.reminders, spec.name); at != c.reminders->end()) {
          if (at->declared.empty() || !is_lost(*at)) {
            continue;  // set by a call in place of what is declared, or as declared
          }
          wanted.due_ms = at->due_ms;
          disarm(c, spec.name, ended);
        }
      }
      wanted.declared = to_text(spec);
      const payload_view argument{spec.payload_any.empty() ? presence::noop : presence::value,
                                  spec.payload_any};
      arm(c, std::move(wanted), argument, ended);
      changed = true;
    }
  }
  if (!changed) {
    return;
  }
  ended.message = std::make_unique<invocation>();
  ended.message->is_internal = true;
  ended.given_up = true;  // no call of anybody's, so none that is counted
  finish(c, std::move(ended), true, false);
}

// The row's number is known once the turn joins its save: note_armed().
void cell_lane::arm(cell& c, armed_reminder what, payload_view argument, finished_turn& in,
                    std::int64_t not_before_ms) {
  auto next =
      make_kernel_call(c.id(), what.action, argument, nullptr, {{metadata_reminder, what.name}});
  next->row->kind = row_kind::reminder;
  next->row->due_ms = std::max({what.due_ms, not_before_ms, s_.home.unix_ms() + 1});
  in.out.sends.push_back(std::move(next));
  if (!c.reminders) {
    c.reminders = std::make_unique<std::vector<armed_reminder>>();
  }
  c.reminders->push_back(std::move(what));
}

void cell_lane::note_armed(cell& c, const invocation& made) {
  const auto at = named(*c.reminders, text_in(made, metadata_reminder));
  at->birth = made.row->birth;
  at->seq = made.row->seq;
  at->row_due_ms = made.row->due_ms;
}

void cell_lane::disarm(cell& c, std::string_view name, finished_turn& in) {
  if (!c.reminders) {
    return;
  }
  const auto at = named(*c.reminders, name);
  if (at == c.reminders->end()) {
    return;
  }
  in.superseded.push_back(row_key_of(c, *at));
  c.reminders->erase(at);
  if (c.reminders->empty()) {
    c.reminders.reset();
  }
}

void cell_lane::disarm_all(cell& c, finished_turn& in) {
  while (c.reminders) {
    disarm(c, std::string(c.reminders->front().name), in);
  }
}

}  // namespace spawn
