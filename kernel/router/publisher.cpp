#include "router/publisher.hpp"

#include "base/log.hpp"
#include "model/channel_name.hpp"
#include "model/reserved_metadata.hpp"
#include "state/rows/row_keys.hpp"
#include "wire/plain_content.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t publish_limit_ms = 30'000;

bool is_final(errc status) {
  return status == errc::invalid || status == errc::too_large || status == errc::not_found ||
         status == errc::denied || status == errc::unsupported;
}

}  // namespace

struct publisher::message_op : pinned<spawn_sink_message> {
  publisher* owner = nullptr;
  place where;
  std::string dedup_id;
  std::vector<spawn_kv> headers;
};

publisher::publisher(cell_services& services, store_desk& desk, const sink_directory* sinks)
    : outgoing_rows(services, desk), sinks_(sinks) {}

publisher::~publisher() = default;

void publisher::send(place where, invocation& message, std::uint32_t tries) {
  const std::string_view sink = sink_of(message.target.name);
  const sink_place* to = sinks_ != nullptr ? sinks_->find(sink) : nullptr;
  if (to == nullptr) {
    send_later(where, 0, "sink " + std::string(sink) + " is not configured");
    return;
  }
  message_op& op = *ops_.take();
  op.clear();
  op.owner = this;
  op.where = std::move(where);
  op.dedup_id = short_row_id(*message.row);
  op.headers.clear();
  op.home = &s_.home;
  op.run = [](task& t) {
    auto& mine = static_cast<message_op&>(t);
    mine.owner->ended(mine);
  };
  auto& raw = op.raw;
  raw.destination = slice_of(to->destination);
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
  raw.attempt = tries;
  const wire::plain_content plain = wire::plain_of(message.argument);
  raw.content_type = slice_of(plain.content_type);
  raw.payload = slice_of(plain.body);
  raw.type_url = slice_of(plain.type_url);
  op.arm(0, s_.home.next_id(), s_.home.now_ns() + publish_limit_ms * ns_per_ms);
  spawn_op* header = &raw.op;
  to->port->submit(s_.home, {&header, 1});
}

void publisher::ended(message_op& op) {
  const place where = std::move(op.where);
  const errc status = op.status();
  const std::uint32_t after_ms = op.raw.op.retry_after_ms;
  const std::uint32_t tries = op.raw.attempt;
  const std::string why = take_error_text(op.raw.op);
  ops_.give_back(&op);
  if (is_stopped()) {
    return;
  }
  if (status == errc::ok) {
    s_.stats.published.add();
    end(where, [this](invocation& sent, row_keeper::done_fn done) {
      s_.keeper.consume(*sent.row, nullptr, std::move(done));
    });
    return;
  }
  if (!is_final(status)) {
    send_later(where, after_ms, why);
    return;
  }
  invocation& message = row_at(where);
  SPAWN_LOG(warn, "a message to a sink is dead", {"sink", sink_of(message.target.name)},
            {"from", message.row->sender}, {"why", why});
  s_.stats.rows_dead.add();
  message.row->attempts = tries;
  message.row->last_error = std::string(name(status)) + ": " + why;
  cut_error(*message.row);
  end(where, [this](invocation& dead, row_keeper::done_fn done) {
    s_.keeper.bury(dead, nullptr, std::move(done));
  });
}

}  // namespace spawn
