#include "router/outgoing_rows.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "base/log.hpp"
#include "model/channel_name.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t read_rows = 128;
constexpr std::uint64_t read_limit_ms = 30'000;
constexpr std::uint64_t later_first_ms = 100;
constexpr std::uint64_t later_max_ms = 30'000;
constexpr std::uint64_t rest_ms = 500;

// All rows of one sender to one receiver.
std::string line_of(std::string_view key) {
  return std::string(key.substr(0, key.rfind('/') + 1));
}

}  // namespace

// What one sender sent, in order; the first is out or waits to be.
struct outgoing_rows::line {
  std::deque<invocation_ptr> rows;
  bool is_out = false;
  std::uint32_t tries = 0;
  struct later_timer : timer {
    outgoing_rows::queue* of = nullptr;
    std::string name;
  } later;
};

struct outgoing_rows::queue {
  outgoing_rows* owner = nullptr;
  actor_id address;
  std::uint32_t store = 0;
  std::map<std::string, line> lines;  // by the sender's part of the key
  std::set<std::string> held;         // keys of the rows in `lines`
  std::set<std::string> ended;        // keys of those that ended while a page was being read
  std::string cursor;                 // of the pass over what waits in the store
  bool is_reading = false;
  bool needs_pass = false;  // something came that this pass may have missed
  std::shared_ptr<void> ticket;
  struct rest_timer : timer {
    queue* of = nullptr;
  } rest;

  [[nodiscard]] queue_key key() const { return {row_actor(address.view()), store}; }
};

outgoing_rows::outgoing_rows(cell_services& services, store_desk& desk)
    : s_(services), desk_(desk) {}

outgoing_rows::~outgoing_rows() = default;

actor_view outgoing_rows::address_of(const place& where) {
  return where.queue->address.view();
}

std::uint32_t outgoing_rows::store_of(const place& where) {
  return where.queue->store;
}

invocation& outgoing_rows::row_at(const place& where) {
  return *where.queue->lines.at(where.line).rows.front();
}

outgoing_rows::queue_ptr outgoing_rows::find_or_make(actor_view address, std::uint32_t store) {
  const queue_key key{row_actor(address), store};
  const auto found = queues_.find(key);
  if (found != queues_.end()) {
    return found->second;
  }
  if (queues_.size() >= queues_max) {
    return nullptr;
  }
  auto made = std::make_shared<queue>();
  made->owner = this;
  made->address = actor_id(address);
  made->store = store;
  made->rest.of = made.get();
  made->rest.fire = [](timer& t) {
    queue& due = *static_cast<queue::rest_timer&>(t).of;
    due.owner->begin_pass(due.owner->queues_.at(due.key()));
  };
  queues_.emplace(key, made);
  return made;
}

void outgoing_rows::wake(actor_view address, std::uint32_t store, std::shared_ptr<void> ticket) {
  if (stopped_ || !admits(address, store)) {
    return;
  }
  const queue_ptr in = find_or_make(address, store);
  if (!in) {
    return;
  }
  in->needs_pass = true;
  in->ticket = std::move(ticket);
  if (!in->is_reading && in->held.size() < held_max / 2) {
    begin_pass(in);
  } else if (!in->is_reading) {
    in->ticket.reset();  // it has enough to do, and goes on by itself
  }
}

void outgoing_rows::take(invocation_ptr due) {
  if (stopped_ || !admits(due->target, due->row->store)) {
    return;
  }
  const queue_ptr in = find_or_make(due->target, due->row->store);
  if (in && in->held.size() < held_max && !in->held.contains(due->row->key)) {
    const std::string own = due->row->key;
    add(in, own, std::move(due));
  }
}

void outgoing_rows::stop() {
  stopped_ = true;
  for (const auto& [key, in] : queues_) {
    in->rest.unlink();
    in->ticket.reset();
    for (auto& [name, each] : in->lines) {
      each.later.unlink();
    }
  }
}

// --- from the store --------------------------------------------------------------------------

void outgoing_rows::begin_pass(const queue_ptr& in) {
  in->rest.unlink();
  in->needs_pass = false;
  in->cursor.clear();
  read(in);
}

void outgoing_rows::read(const queue_ptr& in) {
  auto range = inbox_range(in->address.system, in->address.name);
  page_order order;
  order.from = std::move(range.from);
  order.to = std::move(range.to);
  order.limit = read_rows;
  order.cursor = in->cursor;
  in->is_reading = true;
  const std::uint64_t until = s_.home.now_ns() + read_limit_ms * ns_per_ms;
  desk_.read(*s_.stores[in->store], std::move(order), until, [this, in](result<stored_page> page) {
    in->is_reading = false;
    if (stopped_) {
      return;
    }
    if (!page) {
      in->needs_pass = true;
      s_.home.arm_after_ms(in->rest, rest_ms);
      return;
    }
    if (admits(in->address.view(), in->store)) {
      take_page(in, *page);
    } else {
      in->cursor.clear();
    }
    in->ended.clear();
    after_read(in);
  });
}

void outgoing_rows::take_page(const queue_ptr& in, const stored_page& page) {
  in->cursor = page.cursor;
  std::string barred;  // the line of a row that an operator has to decide about
  for (const auto& row : page.rows) {
    const bool is_known = in->held.contains(row.key) || in->ended.contains(row.key);
    if (is_known || is_outcome_key(row.key) || line_of(row.key) == barred) {
      continue;
    }
    auto opened = s_.rows.open(row.key, row.view());
    if (!opened) {
      if (log_.allows(s_.home.now_ns())) {
        SPAWN_LOG(error, "a message that leaves the kernel stays where it is: it cannot be read",
                  {"key", row.key}, {"why", opened.error().text},
                  {"more_since_last_line", log_.take_held_back()});
      }
      continue;
    }
    message_row& of = *(*opened)->row;
    of.store = in->store;
    if (of.blocked) {
      barred = line_of(row.key);
    } else if (!of.is_kept() && (*opened)->target == in->address.view()) {
      add(in, line_of(row.key), std::move(*opened));  // a name may be several addresses
    }
  }
}

void outgoing_rows::add(const queue_ptr& in, const std::string& to, invocation_ptr message) {
  if (message->budget == nullptr) {
    message->budget = &s_.budget;
    message->charged_bytes = message->storage.size() + sizeof(invocation);
    s_.budget.take(message->charged_bytes);
  }
  held_bytes_ += message->charged_bytes;
  in->held.insert(message->row->key);
  line& of = in->lines[to];
  of.rows.push_back(std::move(message));
  if (of.rows.size() == 1 && !of.is_out) {
    send_first({in, to});
  }
}

void outgoing_rows::after_read(const queue_ptr& in) {
  if (in->is_reading || in->rest.is_linked()) {
    return;
  }
  const bool is_full =
      in->held.size() >= held_max / 2 || (held_bytes_ >= bytes_max && !in->lines.empty());
  if (is_full) {
    in->ticket.reset();  // it goes on by itself, once some have gone out
  } else if (!in->cursor.empty()) {
    read(in);
  } else if (in->needs_pass) {
    begin_pass(in);
  } else {
    in->ticket.reset();
    if (in->lines.empty()) {
      queues_.erase(in->key());
    }
  }
}

// --- out -------------------------------------------------------------------------------------

void outgoing_rows::send_first(const place& where) {
  if (!admits(address_of(where), store_of(where))) {
    forget(where);
    return;
  }
  line& of = where.queue->lines.at(where.line);
  of.is_out = true;
  if (of.tries == 0) {
    send(where, *of.rows.front(), ++of.tries);
  } else {
    send_if_there(where);
  }
}

// Somebody may have taken it out of the store meanwhile.
void outgoing_rows::send_if_there(const place& where) {
  page_order order;
  order.from = row_at(where).row->key;
  order.to = order.from + '\0';
  order.limit = 1;
  order.with_payload = false;
  const std::uint64_t until = s_.home.now_ns() + read_limit_ms * ns_per_ms;
  desk_.read(*s_.stores[store_of(where)], std::move(order), until,
             [this, where](const result<stored_page>& page) {
               if (stopped_) {
                 return;
               }
               if (page && page->rows.empty()) {
                 done(where);
                 return;
               }
               line& of = where.queue->lines.at(where.line);
               send(where, *of.rows.front(), ++of.tries);
             });
}

void outgoing_rows::end(const place& where, end_fn write) {
  write(row_at(where), [this, where](row_outcome how, const std::string& why) {
    if (stopped_) {
      return;
    }
    if (how == row_outcome::refused || how == row_outcome::unknown) {
      send_later(where, 0, why);
    } else {
      done(where);
    }
  });
}

void outgoing_rows::note(const place& where, unique_function<void()> then) {
  s_.keeper.put_off(row_at(where), [this, where, next = std::move(then)](
                                       row_outcome how, const std::string&) mutable {
    if (stopped_) {
      return;
    }
    if (how == row_outcome::gone) {
      done(where);
    } else {
      next();
    }
  });
}

// The first row has gone out, or for good.
void outgoing_rows::done(const place& where) {
  if (where.queue->is_reading) {
    where.queue->ended.insert(row_at(where).row->key);
  }
  drop_first(where);
  line& of = where.queue->lines.at(where.line);
  of.is_out = false;
  of.tries = 0;
  if (of.rows.empty()) {
    where.queue->lines.erase(where.line);
  } else {
    send_first(where);
  }
  after_read(where.queue);
}

void outgoing_rows::drop_first(const place& where) {
  line& of = where.queue->lines.at(where.line);
  held_bytes_ -= of.rows.front()->charged_bytes;
  where.queue->held.erase(of.rows.front()->row->key);
  of.rows.pop_front();
}

void outgoing_rows::forget(const place& where) {
  const queue_ptr in = where.queue;
  while (!in->lines.at(where.line).rows.empty()) {
    drop_first(where);
  }
  in->lines.erase(where.line);
  in->cursor.clear();
  in->needs_pass = false;
  after_read(in);
}

void outgoing_rows::send_later(const place& where, std::uint64_t after_ms, const std::string& why) {
  line& of = where.queue->lines.at(where.line);
  if (log_.allows(s_.home.now_ns())) {
    const invocation& message = *of.rows.front();
    SPAWN_LOG(warn, "a message that leaves the kernel is sent again", {"to", kind()},
              {"name", is_sink_name(message.target.name) ? sink_of(message.target.name)
                                                         : message.target.name},
              {"system", message.target.system}, {"from", message.row->sender}, {"tries", of.tries},
              {"why", why}, {"more_since_last_line", log_.take_held_back()});
  }
  of.later.of = where.queue.get();
  of.later.name = where.line;
  of.later.fire = [](timer& t) {
    auto& due = static_cast<line::later_timer&>(t);
    outgoing_rows& self = *due.of->owner;
    self.send_first({self.queues_.at(due.of->key()), std::string(due.name)});
  };
  const std::uint64_t doubled = later_first_ms << std::min<std::uint32_t>(of.tries, 10);
  const std::uint64_t step = std::max(std::min(doubled, later_max_ms), after_ms);
  s_.home.arm_after_ms(of.later, step / 2 + s_.home.rng().below(step / 2 + 1));
}

}  // namespace spawn
