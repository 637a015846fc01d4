#include "mesh/system_calls.hpp"

#include <algorithm>
#include <memory>

#include "mesh/subjects.hpp"

namespace spawn {
namespace {

std::vector<header_view> views(const headers& from) {
  return {from.begin(), from.end()};
}

// The other side gives up a little before this one does, so that its answer is not late.
std::uint64_t limit_of(std::uint64_t left_ms) {
  return std::max<std::uint64_t>(left_ms - std::min<std::uint64_t>(left_ms / 4, 1'000), 1);
}

system_answer answer_of(result<transport_message> reply, const std::string& system) {
  if (reply) {
    return {ask_fate::answered, decode_system_reply(*reply)};
  }
  const std::string text = "ActorSystem " + system + ": " + reply.error().text;
  switch (reply.error().code) {
    case errc::not_found:
      return {ask_fate::unsent,
              outcome::failed(failure::actor_not_found, "no kernel serves ActorSystem " + system +
                                                            ", here or behind the transport")};
    case errc::deadline:
      return {ask_fate::unsent,
              outcome::failed(failure::deadline_exceeded, text + "; the action was not executed")};
    case errc::exhausted:
      return {ask_fate::unsent, outcome::failed(failure::resource_exhausted, text)};
    case errc::unavailable:
      return {ask_fate::unsent, outcome::failed(failure::unavailable, text)};
    case errc::too_large:
      return {ask_fate::answered, outcome::failed(failure::too_large, text)};
    case errc::invalid:
      return {ask_fate::answered, outcome::failed(failure::invalid_argument, text)};
    default:
      return {ask_fate::unanswered, outcome::failed(failure::outcome_unknown, text)};
  }
}

}  // namespace

headers system_calls::headers_of(const invocation& message, std::string_view message_id) const {
  headers out;
  if (message.trace.present()) {
    std::string value;
    message.trace.child(lane_.rng()).append_header_value(value);
    out.emplace_back(header_traceparent, std::move(value));
  }
  if (const kv_view* state = message.find_metadata(header_tracestate)) {
    out.emplace_back(header_tracestate, state->value);
  }
  if (!message_id.empty()) {
    out.emplace_back(header_message_id, message_id);
  }
  if (message.hops != 0) {
    out.emplace_back(header_hops, std::to_string(message.hops));
  }
  return out;
}

void system_calls::call(invocation_ptr message) {
  if (message->reply == nullptr || message->is_async || message->scheduled_to != 0) {
    message->is_async = true;
    const headers with = headers_of(*message, {});
    transport_->publish(lane_, invocations_subject(message->target.system), views(with),
                        encode_system_request(*message, 0));
    message->answer(outcome::done({}));
    return;
  }
  const auto held = std::make_shared<invocation_ptr>(std::move(message));
  invocation& asked = **held;
  ask(asked, {}, asked.deadline_ns,
      [held](system_answer got) { (*held)->answer(std::move(got.how)); });
}

void system_calls::ask(const invocation& message, std::string_view message_id,
                       std::uint64_t deadline_ns, answered_fn answered) {
  const std::uint64_t now = lane_.now_ns();
  const std::uint64_t left_ms = deadline_ns > now ? (deadline_ns - now) / ns_per_ms : 0;
  const headers with = headers_of(message, message_id);
  const std::string system(message.target.system);
  transport_->request(
      lane_, invocations_subject(system), views(with),
      encode_system_request(message, limit_of(left_ms)), deadline_ns,
      [system, then = std::move(answered)](result<transport_message> reply) mutable {
        then(answer_of(std::move(reply), system));
      });
}

}  // namespace spawn
