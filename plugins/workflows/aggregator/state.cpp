#include "aggregator/state.hpp"

namespace spawn::plugin::aggregator {
namespace {

using flows::json;
using flows::scratch_reader;
using flows::scratch_writer;

batch read_batch(scratch_reader& outer) {
  batch b;
  scratch_reader in(outer.bytes());
  while (in.next()) {
    switch (in.field()) {
      case 1:
        b.key = in.text();
        break;
      case 2:
        b.number = in.number();
        break;
      case 3:
        b.since = in.time();
        break;
      case 4:
        b.timer = in.number();
        break;
      case 5:
        b.items = in.text();
        break;
      case 6:
        b.count = in.number();
        break;
      default:
        break;
    }
  }
  outer.require(in.good() && b.count > 0);
  return b;
}

}  // namespace

std::size_t aggregate_state::pending_bytes() const {
  std::size_t bytes = 0;
  for (const batch& b : batches) {
    bytes += b.items.size();
  }
  return bytes;
}

std::string encode(const aggregate_state& s) {
  scratch_writer out;
  out.text(1, s.name);
  out.text(2, s.id);
  out.number(3, s.last_token);
  out.number(4, s.last_batch);
  out.number(5, s.idle_timer);
  out.number(6, s.sent_batches);
  out.number(7, s.sent_items);
  for (const batch& b : s.batches) {
    scratch_writer inner;
    inner.text(1, b.key);
    inner.number(2, b.number);
    inner.time(3, b.since);
    inner.number(4, b.timer);
    inner.text(5, b.items);
    inner.number(6, b.count);
    out.message(8, inner);
  }
  return out.take();
}

std::optional<aggregate_state> decode(spawn_slice scratch) {
  aggregate_state s;
  scratch_reader in(scratch);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        s.name = in.text();
        break;
      case 2:
        s.id = in.text();
        break;
      case 3:
        s.last_token = in.number();
        break;
      case 4:
        s.last_batch = in.number();
        break;
      case 5:
        s.idle_timer = in.number();
        break;
      case 6:
        s.sent_batches = in.number();
        break;
      case 7:
        s.sent_items = in.number();
        break;
      case 8:
        s.batches.push_back(read_batch(in));
        in.require(s.batches.size() <= batches_max);
        break;
      default:
        break;
    }
  }
  in.require(s.last_batch != 0);
  return in.good() ? std::optional(std::move(s)) : std::nullopt;
}

json status_of(const aggregate_state& s) {
  json batches = json::array();
  for (const batch& b : s.batches) {
    batches.push_back({{"key", b.key},
                       {"batch", batch_id(s, b)},
                       {"count", b.count},
                       {"bytes", b.items.size()},
                       {"since_unix_ms", b.since}});
  }
  return {{"aggregate", s.name},
          {"id", s.id},
          {"open", std::move(batches)},
          {"sent_batches", s.sent_batches},
          {"sent_items", s.sent_items}};
}

std::string batch_id(const aggregate_state& s, const batch& b) {
  return s.name + "/" + s.id + "/" + std::to_string(b.number);
}

}  // namespace spawn::plugin::aggregator
