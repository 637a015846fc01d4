#include "state/rows/outcome_row.hpp"

#include "model/failure_codes.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_codec.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {

invocation_ptr make_outcome_row(const awaited_by& to, const outcome& how, std::uint32_t store,
                                std::uint64_t writer, std::int64_t now_ms) {
  if (how.ok() && to.failures_only) {
    return nullptr;
  }
  auto out = make_kernel_message(to.flow.view(), how.value.view());
  out->charged_bytes = out->storage.size() + sizeof(invocation);  // counted in its group
  auto event = std::make_shared<flow_event>();
  event->life = to.life;
  event->token = to.token;
  event->awaited = !to.failures_only;
  event->status = status_of(how.why);
  event->text = how.message().substr(0, row_error_bytes_max);
  message_row& row = *out->row;
  row.kind = how.ok() ? row_kind::flow_result : row_kind::failure;
  row.store = store;
  row.revision = 1;
  row.writer = writer;
  row.sender = to.sender;
  row.birth = to.birth;
  row.seq = to.seq;
  row.of_failure = true;
  row.created_ms = now_ms;
  row.event = std::move(event);
  row.key = pending_key(out->target, row);
  return out;
}

outcome in_doubt(outcome how) {
  if (how.ok() || how.why == failure::outcome_unknown || how.why == failure::deadline_exceeded) {
    return how;
  }
  return outcome::failed(failure::outcome_unknown, how.message());
}

}  // namespace spawn
