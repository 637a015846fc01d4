#include "router/outgoing_rows.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "base/log.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t read_rows = 128;
constexpr std::uint64_t read_limit_ms = 30'000;
constexpr std::uint64_t again_first_ms = 100;
constexpr std::uint64_t again_max_ms = 30'000;
constexpr std::uint64_t look_again_ms = 500;

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
  struct again_timer : timer {
    queue* of = nullptr;
    std::string mine;
  } again;
};

struct outgoing_rows::queue {
  outgoing_rows* owner = nullptr;
  actor_id id;
  std::uint32_t store = 0;
  std::map<std::string, line> lines;  // by the sender's part of the key
  std::set<std::string> held;         // keys of the rows in `lines`
  std::string cursor;                 // of the pass over what waits in the store
  bool is_reading = false;
  bool again = false;  // something came that this pass may have missed
  std::shared_ptr<void> ticket;
  struct rest_timer : timer {
    queue* of = nullptr;
  } rest;

  [[nodiscard]] queue_key key() const { return {row_actor(id.view()), store}; }
};

outgoing_rows::outgoing_rows(cell_services& services, store_desk& desk)
    : s_(services), desk_(desk) {}

outgoing_rows::~outgoing_rows() = default;

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
  made->id = actor_id(address);
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
  const queue_ptr at = stopped_ ? nullptr : find_or_make(address, store);
  if (!at) {
    return;
  }
  at->again = true;
  at->ticket = std::move(ticket);
  if (!at->is_reading && at->held.size() < held_max / 2) {
    begin_pass(at);
  }
}

void outgoing_rows::take(invocation_ptr due) {
  const queue_ptr at = stopped_ ? nullptr : find_or_make(due->target, due->row->store);
  if (at && at->held.size() < held_max && !at->held.contains(due->row->key)) {
    const std::string own = due->row->key;
    add(at, own, std::move(due));
  }
}

void outgoing_rows::stop() {
  stopped_ = true;
  for (const auto& [key, at] : queues_) {
    at->rest.unlink();
    at->ticket.reset();
    for (auto& [name, each] : at->lines) {
      each.again.unlink();
    }
  }
}

void outgoing_rows::begin_pass(const queue_ptr& at) {
  at->rest.unlink();
  at->again = false;
  at->cursor.clear();
  read(at);
}

void outgoing_rows::read(const queue_ptr& at) {
  auto range = inbox_range(at->id.system, at->id.name);
  page_order order;
  order.from = std::move(range.from);
  order.to = std::move(range.to);
  order.limit = read_rows;
  order.cursor = at->cursor;
  at->is_reading = true;
  const std::uint64_t until = s_.home.now_ns() + read_limit_ms * ns_per_ms;
  desk_.read(*s_.stores[at->store], std::move(order), until, [this, at](result<stored_page> page) {
    at->is_reading = false;
    if (stopped_) {
      return;
    }
    if (!page) {
      at->again = true;
      s_.home.arm_after_ms(at->rest, look_again_ms);
      return;
    }
    take_page(at, *page);
    after_read(at);
  });
}

void outgoing_rows::take_page(const queue_ptr& at, const stored_page& page) {
  for (const auto& row : page.rows) {
    if (at->held.contains(row.key) || is_outcome_key(row.key)) {
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
    (*opened)->row->store = at->store;
    if ((*opened)->target == at->id.view()) {  // one name may be several addresses
      add(at, line_of(row.key), std::move(*opened));
    }
  }
  at->cursor = page.cursor;
}

void outgoing_rows::add(const queue_ptr& at, const std::string& to, invocation_ptr message) {
  message->budget = &s_.budget;
  message->charged_bytes = message->storage.size() + sizeof(invocation);
  s_.budget.take(message->charged_bytes);
  at->held.insert(message->row->key);
  line& of = at->lines[to];
  of.rows.push_back(std::move(message));
  if (of.rows.size() == 1 && !of.is_out) {
    send_first(at, to);
  }
}

void outgoing_rows::after_read(const queue_ptr& at) {
  if (at->is_reading || at->rest.is_linked() || at->held.size() >= held_max / 2) {
    return;  // once some have gone out
  }
  if (!at->cursor.empty()) {
    read(at);
  } else if (at->again) {
    begin_pass(at);
  } else {
    at->ticket.reset();
    if (at->lines.empty()) {
      queues_.erase(at->key());
    }
  }
}

void outgoing_rows::send_first(const queue_ptr& at, const std::string& of) {
  line& mine = at->lines.at(of);
  mine.is_out = true;
  send({at, of}, *mine.rows.front(), ++mine.tries);
}

invocation& outgoing_rows::row_at(const place& where) {
  return *where.at->lines.at(where.line).rows.front();
}

void outgoing_rows::end(const place& where, end_fn write) {
  write(row_at(where), [this, where](row_outcome how, const std::string& why) {
    if (stopped_) {
      return;
    }
    if (how == row_outcome::refused || how == row_outcome::unknown) {
      again(where, 0, why);
    } else {
      done(where);
    }
  });
}

// The first row has gone out, or for good.
void outgoing_rows::done(const place& where) {
  const queue_ptr at = where.at;
  line& of = at->lines.at(where.line);
  at->held.erase(of.rows.front()->row->key);
  of.rows.pop_front();
  of.is_out = false;
  of.tries = 0;
  if (of.rows.empty()) {
    at->lines.erase(where.line);
  } else {
    send_first(at, where.line);
  }
  after_read(at);
}

void outgoing_rows::again(const place& where, std::uint64_t after_ms, const std::string& why) {
  line& of = where.at->lines.at(where.line);
  if (log_.allows(s_.home.now_ns())) {
    const invocation& message = *of.rows.front();
    SPAWN_LOG(warn, "a message that leaves the kernel is sent again", {"what", what()},
              {"to", where.at->id.name}, {"system", where.at->id.system},
              {"from", message.row->sender}, {"tries", of.tries}, {"why", why},
              {"more_since_last_line", log_.take_held_back()});
  }
  of.again.of = where.at.get();
  of.again.mine = where.line;
  of.again.fire = [](timer& t) {
    auto& due = static_cast<line::again_timer&>(t);
    outgoing_rows& self = *due.of->owner;
    self.send_first(self.queues_.at(due.of->key()), due.mine);
  };
  const std::uint64_t doubled = again_first_ms << std::min<std::uint32_t>(of.tries, 10);
  const std::uint64_t step = std::max(std::min(doubled, again_max_ms), after_ms);
  s_.home.arm_after_ms(of.again, step / 2 + s_.home.rng().below(step / 2 + 1));
}

}  // namespace spawn
