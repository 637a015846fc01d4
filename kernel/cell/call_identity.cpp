#include "cell/call_identity.hpp"

#include "cell/cell.hpp"
#include "model/reserved_metadata.hpp"
#include "state/rows/call_row.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

void append_hex(std::string& out, std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) {
    out += digits[(value >> shift) & 0xf];
  }
}

}  // namespace

std::string message_id_of(invocation& message, actor_view actor, lane& home, std::uint64_t life) {
  if (const kv_view* named = message.find_metadata(metadata_idempotency_key)) {
    return call_message_id(actor, named->value);
  }
  if (message.row) {
    return row_id(*message.row);
  }
  if (message.call_id == 0) {
    message.call_id = home.next_id();
  }
  std::string out = "call-";
  append_hex(out, life);
  out += '-';
  append_hex(out, message.call_id);
  return out;
}

std::string revision_given(const cell& c) {
  if (c.def().mode() == durability::none) {
    return {};
  }
  const auto adds = [](const std::unique_ptr<save_batch>& batch) {
    return batch && batch->writes ? 1U : 0U;
  };
  return std::to_string(c.revision + adds(c.flying) + adds(c.gathering));
}

}  // namespace spawn
