#include "router/fan_out_page.hpp"

#include <algorithm>

#include "model/channel_name.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

invocation_ptr make_broadcast_row(const invocation& of, const listener& to, std::int64_t now_ms) {
  const message_row& from = *of.row;
  auto out = make_kernel_call(to.id.view(), of.action.empty() ? to.action : of.action, of.argument,
                              of.has_caller ? &of.caller : nullptr);
  out->trace = of.trace;
  message_row& row = *out->row;
  row.kind = row_kind::broadcast;
  row.store = from.store;
  row.sender = channel_sender(from, topic_of(of.target.name), to.place);
  row.birth = from.birth;
  row.seq = from.seq;
  // What its sender sent to the channel before is what it sent to each subscriber before.
  row.prev = from.prev;
  row.is_first = from.is_first;
  row.created_ms = now_ms;
  row.key = pending_key(out->target, row);
  return out;
}

}  // namespace

fan_out_page make_fan_out_page(const invocation& of, std::vector<listener> to, std::int64_t now_ms,
                               std::size_t rows_max) {
  std::sort(to.begin(), to.end(),
            [](const listener& a, const listener& b) { return a.place < b.place; });
  fan_out_page out;
  out.cursor = of.row->cursor;
  std::uint64_t bytes = 0;
  for (const listener& each : to) {
    auto made = make_broadcast_row(of, each, now_ms);
    bytes += made->storage.size();
    const bool is_full =
        out.rows.size() == rows_max || (bytes > limits::fan_out_bytes_max && !out.rows.empty());
    if (is_full) {
      return out;
    }
    out.rows.push_back(std::move(made));
    out.cursor = each.place;
  }
  out.is_last = true;
  return out;
}

}  // namespace spawn
