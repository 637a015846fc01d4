#include "router/fan_outs.hpp"

#include <algorithm>
#include <deque>

#include "base/log.hpp"
#include "cell/row_end.hpp"
#include "model/channel_name.hpp"
#include "router/fan_out_page.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t read_rows = 8;  // of a channel at a time; each may be as large as a request
constexpr std::uint64_t read_limit_ms = 30'000;
constexpr std::uint64_t ask_limit_ms = 5'000;
constexpr std::uint64_t again_ms = 500;  // after something that is not the row's fault

// Whose row it is: those of one sender keep their order.
std::string lane_of(std::string_view key) {
  return std::string(key.substr(0, key.rfind('/') + 1));
}

}  // namespace

struct fan_outs::channel {
  fan_outs* owner = nullptr;
  actor_id id;
  std::uint32_t store = 0;
  std::deque<invocation_ptr> rows;  // read and not done; the first is worked on
  std::string cursor;               // of the pass over what waits in the store
  std::string skipped;              // a sender's lane whose first row has to wait
  bool is_resting = false;
  bool again = false;         // something came that this pass may have missed
  std::uint64_t look_ms = 0;  // when a row that has to wait is due, from now; 0: none does
  std::uint64_t asked = 0;    // numbers questions to the lanes, so that a late answer is known
  std::shared_ptr<void> ticket;
  struct wait_timer : timer {
    channel* of = nullptr;
  } timer;

  void has_to_wait(std::uint64_t ms) { look_ms = look_ms == 0 ? ms : std::min(look_ms, ms); }
};

fan_outs::fan_outs(cell_services& services, const cell_options& options, store_desk& desk,
                   ask_fn ask)
    : s_(services), options_(options), desk_(desk), ask_(std::move(ask)) {}

fan_outs::~fan_outs() = default;

void fan_outs::wake(actor_view channel_id, std::uint32_t store, std::shared_ptr<void> ticket) {
  if (stopped_) {
    return;
  }
  const std::pair key(row_actor(channel_id), store);
  if (const auto known = channels_.find(key); known != channels_.end()) {
    known->second->again = true;
    if (known->second->is_resting) {
      begin_pass(known->second);
    }
    return;
  }
  if (channels_.size() >= limits::fan_outs_max) {
    return;
  }
  const auto made = std::make_shared<channel>();
  made->owner = this;
  made->id = actor_id(channel_id);
  made->store = store;
  made->ticket = std::move(ticket);
  made->timer.of = made.get();
  made->timer.fire = [](spawn::timer& t) {
    channel& due = *static_cast<channel::wait_timer&>(t).of;
    due.owner->fire(due);
  };
  channels_.emplace(key, made);
  begin_pass(made);
}

void fan_outs::stop() {
  stopped_ = true;
  for (const auto& [key, at] : channels_) {
    at->timer.unlink();
    at->rows.clear();
    at->ticket.reset();
  }
  channels_.clear();
}

// A question that no answer came to in time, or the end of a rest.
void fan_outs::fire(channel& due) {
  const auto at = channels_.at({row_actor(due.id.view()), due.store});
  if (at->is_resting) {
    begin_pass(at);
    return;
  }
  ++at->asked;
  rest(at, again_ms);
}

void fan_outs::rest(const channel_ptr& at, std::uint64_t ms) {
  at->rows.clear();
  at->ticket.reset();
  at->is_resting = true;
  s_.home.arm_after_ms(at->timer, ms);
}

void fan_outs::begin_pass(const channel_ptr& at) {
  at->timer.unlink();
  at->is_resting = false;
  at->again = false;
  at->look_ms = 0;
  at->cursor.clear();
  at->skipped.clear();
  read(at);
}

void fan_outs::read(const channel_ptr& at) {
  auto range = inbox_range(at->id.system, at->id.name);
  page_order order;
  order.from = std::move(range.from);
  order.to = std::move(range.to);
  order.limit = read_rows;
  order.cursor = at->cursor;
  const std::uint64_t until = s_.home.now_ns() + read_limit_ms * ns_per_ms;
  desk_.read(*s_.stores[at->store], std::move(order), until, [this, at](result<stored_page> page) {
    if (stopped_) {
      return;
    }
    if (!page) {
      rest(at, again_ms);
      return;
    }
    take_page(at, *page);
    next(at);
  });
}

void fan_outs::take_page(const channel_ptr& at, const stored_page& page) {
  const std::int64_t now = s_.home.unix_ms();
  for (const auto& row : page.rows) {
    if (!at->skipped.empty() && row.key.starts_with(at->skipped)) {
      continue;
    }
    auto opened = s_.rows.open(row.key, row.view());
    if (!opened) {
      if (log_.allows(s_.home.now_ns())) {
        SPAWN_LOG(error, "a broadcast is left where it is: it cannot be read", {"key", row.key},
                  {"why", opened.error().text}, {"more_since_last_line", log_.take_held_back()});
      }
      at->skipped = lane_of(row.key);
      continue;
    }
    invocation_ptr message = std::move(*opened);
    message->row->store = at->store;
    if (message->row->waits(now)) {
      if (message->row->next_try_ms > now) {
        at->has_to_wait(static_cast<std::uint64_t>(message->row->next_try_ms - now));
      }
      at->skipped = lane_of(row.key);
      continue;
    }
    if (!options_.rules.fan_out_goes_on) {
      message->row->cursor.clear();
    }
    message->budget = &s_.budget;
    message->charged_bytes = message->storage.size() + sizeof(invocation);
    s_.budget.take(message->charged_bytes);
    at->rows.push_back(std::move(message));
  }
  at->cursor = page.cursor;
}

void fan_outs::next(const channel_ptr& at) {
  if (!at->rows.empty()) {
    ask(at);
  } else if (!at->cursor.empty()) {
    read(at);
  } else if (at->again) {
    begin_pass(at);
  } else if (at->look_ms != 0) {
    rest(at, at->look_ms);
  } else {
    channels_.erase({row_actor(at->id.view()), at->store});
  }
}

void fan_outs::ask(const channel_ptr& at) {
  const std::uint64_t number = ++at->asked;
  s_.home.arm_after_ms(at->timer, ask_limit_ms);
  // One more than fit tells whether more follow.
  ask_({at->id.system, std::string(topic_of(at->id.name)), at->rows.front()->row->cursor,
        std::size_t{options_.fan_out_rows} + 1},
       [this, at, number](bool complete, std::vector<listener> to) {
         if (stopped_ || at->asked != number) {
           return;
         }
         at->timer.unlink();
         if (complete) {
           write(at, std::move(to));
         } else {
           rest(at, again_ms);
         }
       });
}

void fan_outs::write(const channel_ptr& at, std::vector<listener> to) {
  invocation& message = *at->rows.front();
  message_row& row = *message.row;
  if (!s_.out->is_heard_durably(at->id.system, topic_of(at->id.name))) {
    // When it was sent somebody did: this kernel may be the one that does not know.
    put_off(at, failure::actor_not_found,
            "No durable actor of ActorSystem " + at->id.system + " listens to channel " +
                std::string(topic_of(at->id.name)));
    return;
  }
  fan_out_page page =
      make_fan_out_page(message, std::move(to), s_.home.unix_ms(), options_.fan_out_rows);
  const std::uint64_t revision = row.revision;
  const std::uint64_t writer = row.writer;
  const std::uint32_t attempts = std::exchange(row.attempts, 0);  // each page has its own
  std::swap(row.cursor, page.cursor);
  const auto made = std::make_shared<std::vector<invocation_ptr>>(std::move(page.rows));
  s_.keeper.fan_out(message, *made, page.is_last,
                    [this, at, made, revision, writer, attempts, before = std::move(page.cursor),
                     is_last = page.is_last](row_outcome how, const std::string& why) {
                      if (stopped_) {
                        return;
                      }
                      if (how == row_outcome::done) {
                        stored(at, std::move(*made), is_last);
                        return;
                      }
                      message_row& as_it_was = *at->rows.front()->row;
                      as_it_was.revision = revision;
                      as_it_was.writer = writer;
                      as_it_was.attempts = attempts;
                      as_it_was.cursor = before;
                      put_off(
                          at, failure::not_applied,
                          "the messages for subscribers could not be stored: " +
                              (how == row_outcome::gone ? "rows are not as they were read" : why));
                    });
}

void fan_outs::stored(const channel_ptr& at, std::vector<invocation_ptr> rows, bool is_last) {
  s_.stats.fan_out_pages.add();
  s_.stats.fan_out_rows.add(rows.size());
  for (auto& each : rows) {
    each->budget = &s_.budget;
    each->charged_bytes = each->storage.size() + sizeof(invocation);
    s_.budget.take(each->charged_bytes);
    s_.out->route(std::move(each));
  }
  if (is_last) {
    at->rows.pop_front();
  }
  next(at);
}

// A page that could not be made or stored: the row is put off, or given up, and what its sender
// sent after it waits. If the row is gone, or was written by another, that shows now.
void fan_outs::put_off(const channel_ptr& at, failure why, const std::string& text) {
  invocation_ptr message = std::move(at->rows.front());
  const std::string lane = lane_of(message->row->key);
  std::erase_if(at->rows, [&](const invocation_ptr& each) {
    return !each || each->row->key.starts_with(lane);
  });
  at->skipped = std::max(at->skipped, lane);  // the pass is at the later one: keys come in order
  invocation& held = *message;
  message_row& row = *held.row;
  ++row.attempts;
  row.last_error = std::string(facts(why).code) + ": " + text;
  cut_error(row);
  if (row.attempts >= options_.rows.attempts_max) {
    give_up_row(s_, held, why, text,
                [this, at, owned = std::move(message)](row_outcome, const std::string&) {
                  if (!stopped_) {
                    at->has_to_wait(again_ms);
                    next(at);
                  }
                });
    return;
  }
  const std::uint64_t wait = row_backoff_ms(options_.rows, row.attempts, s_.home.rng());
  row.next_try_ms = s_.home.unix_ms() + static_cast<std::int64_t>(wait);
  s_.stats.row_retries.add();
  s_.keeper.put_off(
      held, [this, at, wait, owned = std::move(message)](row_outcome how, const std::string&) {
        if (stopped_) {
          return;
        }
        at->has_to_wait(how == row_outcome::done ? wait : again_ms);
        next(at);
      });
}

}  // namespace spawn
