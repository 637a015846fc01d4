#include "aggregator/state.hpp"

namespace spawn::plugin::aggregator {
namespace {

using flows::json;
using flows::read_message;
using flows::scratch_reader;
using flows::scratch_writer;

void take_batch(scratch_reader& in, batch& b) {
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

void take_field(scratch_reader& in, aggregate_state& s) {
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
      s.batches.push_back(read_message<batch>(in, take_batch));
      in.require(s.batches.back().count > 0);
      in.require(s.batches.size() <= batches_max);
      break;
    default:
      break;
  }
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
  return flows::read_scratch(
      scratch, aggregate_state{}, take_field,
      [](scratch_reader& in, const aggregate_state& read) { in.require(read.last_batch != 0); });
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
