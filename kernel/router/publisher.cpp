#include "router/publisher.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "base/log.hpp"
#include "model/channel_name.hpp"
#include "model/reserved_metadata.hpp"
#include "state/rows/row_keys.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

constexpr std::uint32_t read_rows = 128;
constexpr std::uint64_t read_limit_ms = 30'000;
constexpr std::uint64_t publish_limit_ms = 30'000;
constexpr std::uint64_t again_first_ms = 100;
constexpr std::uint64_t again_max_ms = 30'000;
constexpr std::uint64_t look_again_ms = 500;

std::string lane_of(std::string_view key) {
  return std::string(key.substr(0, key.rfind('/') + 1));
}

// Names the message for ever, in few and plain characters: systems outside have limits of their
// own.
std::string dedup_id_of(const message_row& row) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::string id = row_id(row);
  std::string out;
  for (const std::uint64_t part : {hash_bytes(id, 1), hash_bytes(id, 2)}) {
    for (int shift = 60; shift >= 0; shift -= 4) {
      out += digits[(part >> shift) & 0xf];
    }
  }
  return out;
}

bool is_final(errc status) {
  return status == errc::invalid || status == errc::too_large || status == errc::not_found ||
         status == errc::denied || status == errc::unsupported;
}

std::string_view first_field(std::string_view bytes) {
  wire::reader r(bytes);
  std::string_view out;
  while (r.next()) {
    if (r.field() == 1) {
      out = r.text();
    } else {
      r.skip();
    }
  }
  return out;
}

}  // namespace

struct publisher::message_op : pinned<spawn_sink_message> {
  publisher* owner = nullptr;
  queue_ptr at;
  std::string lane_key;
  std::string dedup_id;
  std::vector<spawn_kv> headers;
};

// What one publisher sent to the sink, in order; the first is out or waits to be.
struct publisher::line {
  std::deque<invocation_ptr> rows;
  bool is_out = false;
  std::uint32_t tries = 0;
  struct again_timer : timer {
    queue* of = nullptr;
    line* mine = nullptr;
  } again;
};

struct publisher::queue {
  publisher* owner = nullptr;
  actor_id id;
  std::uint32_t store = 0;
  std::map<std::string, line> lines;  // by the publisher's part of the key
  std::set<std::string> held;         // keys of the rows in `lines`
  std::string cursor;                 // of the pass over what waits in the store
  bool is_reading = false;
  bool again = false;  // something came that this pass may have missed
  std::shared_ptr<void> ticket;
  struct rest_timer : timer {
    queue* of = nullptr;
  } rest;
};

publisher::publisher(cell_services& services, store_desk& desk, const sink_directory* sinks)
    : s_(services), desk_(desk), sinks_(sinks) {}

publisher::~publisher() = default;

void publisher::wake(actor_view sink, std::uint32_t store, std::shared_ptr<void> ticket) {
  if (stopped_) {
    return;
  }
  auto& at = queues_[{row_actor(sink), store}];
  if (!at) {
    at = std::make_shared<queue>();
    at->owner = this;
    at->id = actor_id(sink);
    at->store = store;
    at->rest.of = at.get();
    at->rest.fire = [](timer& t) {
      queue& due = *static_cast<queue::rest_timer&>(t).of;
      due.owner->begin_pass(due.owner->queues_.at({row_actor(due.id.view()), due.store}));
    };
  }
  at->again = true;
  at->ticket = std::move(ticket);
  if (!at->is_reading && at->held.size() < held_max / 2) {
    begin_pass(at);
  }
}

void publisher::stop() {
  stopped_ = true;
  for (const auto& [key, at] : queues_) {
    at->rest.unlink();
    at->ticket.reset();
    for (auto& [name, each] : at->lines) {
      each.again.unlink();
    }
  }
}

void publisher::begin_pass(const queue_ptr& at) {
  at->rest.unlink();
  at->again = false;
  at->cursor.clear();
  read(at);
}

void publisher::read(const queue_ptr& at) {
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

void publisher::take_page(const queue_ptr& at, const stored_page& page) {
  for (const auto& row : page.rows) {
    if (at->held.contains(row.key)) {
      continue;
    }
    auto opened = s_.rows.open(row.key, row.view());
    if (!opened) {
      if (log_.allows(s_.home.now_ns())) {
        SPAWN_LOG(error, "a message to a sink is left where it is: it cannot be read",
                  {"key", row.key}, {"why", opened.error().text},
                  {"more_since_last_line", log_.take_held_back()});
      }
      continue;
    }
    invocation_ptr message = std::move(*opened);
    message->row->store = at->store;
    message->budget = &s_.budget;
    message->charged_bytes = message->storage.size() + sizeof(invocation);
    s_.budget.take(message->charged_bytes);
    at->held.insert(row.key);
    line& of = at->lines[lane_of(row.key)];
    of.rows.push_back(std::move(message));
    if (of.rows.size() == 1 && !of.is_out) {
      submit(at, of);
    }
  }
  at->cursor = page.cursor;
}

void publisher::after_read(const queue_ptr& at) {
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
      queues_.erase({row_actor(at->id.view()), at->store});
    }
  }
}

void publisher::submit(const queue_ptr& at, line& of) {
  const sink_place* place = sinks_ != nullptr ? sinks_->find(sink_of(at->id.name)) : nullptr;
  if (place == nullptr) {
    try_again(at, of, 0, "sink " + std::string(sink_of(at->id.name)) + " is not configured");
    return;
  }
  invocation& message = *of.rows.front();
  message_op& op = *ops_.take();
  op.clear();
  op.owner = this;
  op.at = at;
  op.lane_key = lane_of(message.row->key);
  op.dedup_id = dedup_id_of(*message.row);
  op.headers.clear();
  op.home = &s_.home;
  op.run = [](task& t) {
    auto& mine = static_cast<message_op&>(t);
    mine.owner->ended(mine);
  };
  auto& raw = op.raw;
  raw.destination = slice_of(place->destination);
  raw.key = slice_of(message.row->sender);
  for (const kv_view& each : message.metadata) {
    if (each.key == metadata_publish_key) {
      raw.key = slice_of(each.value);
    } else if (each.key == metadata_publish_destination) {
      raw.destination = slice_of(each.value);
    } else {
      op.headers.push_back({slice_of(each.key), slice_of(each.value)});
    }
  }
  raw.dedup_id = slice_of(op.dedup_id);
  raw.headers = op.headers.data();
  raw.n_headers = static_cast<std::uint32_t>(op.headers.size());
  raw.attempt = ++of.tries;
  wire::any_view any;
  if (message.argument.kind == presence::value && wire::read_any(message.argument.any, any)) {
    const auto type = wire::last_segment(any.type_url);
    const bool is_json = type == "JSONType";
    const bool is_text = type == "StringValue";
    const bool is_bytes = type == "BytesValue";
    raw.content_type = slice_of(is_json    ? "application/json"
                                : is_text  ? "text/plain; charset=utf-8"
                                : is_bytes ? "application/octet-stream"
                                           : "application/protobuf");
    raw.payload = slice_of(is_json || is_text || is_bytes ? first_field(any.value) : any.value);
    raw.type_url = is_json || is_text || is_bytes ? spawn_slice{} : slice_of(any.type_url);
  }
  op.arm(0, s_.home.next_id(), s_.home.now_ns() + publish_limit_ms * ns_per_ms);
  of.is_out = true;
  spawn_op* header = &raw.op;
  place->port->submit(s_.home, {&header, 1});
}

void publisher::ended(message_op& op) {
  const queue_ptr at = std::move(op.at);
  const errc status = op.status();
  const std::uint32_t after_ms = op.raw.op.retry_after_ms;
  const std::string why = take_error_text(op.raw.op);
  line& of = at->lines.at(op.lane_key);
  ops_.give_back(&op);
  if (stopped_) {
    return;
  }
  invocation& message = *of.rows.front();
  const auto gone = [this, at, &of](row_outcome how, const std::string& what) {
    if (stopped_) {
      return;
    }
    if (how == row_outcome::refused || how == row_outcome::unknown) {
      try_again(at, of, 0, what);
    } else {
      done(at, of);
    }
  };
  if (status == errc::ok) {
    s_.stats.published.add();
    s_.keeper.consume(*message.row, nullptr, gone);
    return;
  }
  if (!is_final(status)) {
    try_again(at, of, after_ms, why);
    return;
  }
  SPAWN_LOG(warn, "a message to a sink is dead", {"sink", sink_of(at->id.name)},
            {"from", message.row->sender}, {"why", why});
  s_.stats.rows_dead.add();
  message.row->attempts = of.tries;
  message.row->last_error = std::string(name(status)) + ": " + why;
  s_.keeper.bury(message, nullptr, gone);
}

// The first row has gone out, or for good.
void publisher::done(const queue_ptr& at, line& of) {
  at->held.erase(of.rows.front()->row->key);
  const std::string own = lane_of(of.rows.front()->row->key);
  of.rows.pop_front();
  of.is_out = false;
  of.tries = 0;
  if (of.rows.empty()) {
    at->lines.erase(own);
  } else {
    submit(at, of);
  }
  after_read(at);
}

void publisher::try_again(const queue_ptr& at, line& of, std::uint32_t after_ms,
                          const std::string& why) {
  if (log_.allows(s_.home.now_ns())) {
    SPAWN_LOG(warn, "a message to a sink is tried again", {"sink", sink_of(at->id.name)},
              {"from", of.rows.front()->row->sender}, {"tries", of.tries}, {"why", why},
              {"more_since_last_line", log_.take_held_back()});
  }
  of.is_out = true;  // nothing of this publisher overtakes it
  of.again.of = at.get();
  of.again.mine = &of;
  of.again.fire = [](timer& t) {
    auto& due = static_cast<line::again_timer&>(t);
    publisher& self = *due.of->owner;
    self.submit(self.queues_.at({row_actor(due.of->id.view()), due.of->store}), *due.mine);
  };
  const std::uint64_t doubled = again_first_ms << std::min<std::uint32_t>(of.tries, 10);
  const std::uint64_t step =
      std::max<std::uint64_t>(std::min(doubled, again_max_ms), std::uint64_t{after_ms});
  s_.home.arm_after_ms(of.again, step / 2 + s_.home.rng().below(step / 2 + 1));
}

}  // namespace spawn
