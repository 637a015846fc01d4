#include "mesh/system_messages.hpp"

#include <optional>

#include "base/utf8.hpp"
#include "model/request_timeout.hpp"
#include "wire/common.hpp"
#include "wire/invocation.hpp"

namespace spawn {
namespace {

constexpr std::string_view said_async = "async";
constexpr std::string_view said_no_content = "no_content";

std::string encode_response(const outcome& ended, actor_view target) {
  std::string out;
  wire::put_text(out, 1, target.name);
  wire::put_text(out, 2, target.system);
  if (ended.value.kind == presence::value) {
    wire::put_bytes(out, 4, ended.value.any);
  } else {
    wire::put_bytes(out, 6, {});
  }
  return out;
}

// The payload is all that a caller wants of it; a proxy may send its actor's context too. Texts can
// look like a message of some fields: this one has an actor, or nothing at all, and no other
// fields.
std::optional<payload> read_response(std::string_view bytes) {
  payload out;
  bool has_actor = bytes.empty();
  bool has_others = false;
  wire::reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
      case 2:
        has_actor = !r.text().empty() || has_actor;
        break;
      case 3:
      case 5:
        static_cast<void>(r.bytes());
        break;
      case 4:
        out = {presence::value, std::string(r.bytes())};
        break;
      case 6:
        static_cast<void>(r.bytes());
        out = {presence::noop, {}};
        break;
      case 7:
        static_cast<void>(r.boolean());
        break;
      default:
        has_others = true;
        r.skip();
    }
  }
  wire::any_view any;
  const bool is_good = out.kind != presence::value || wire::read_any(out.any, any);
  if (!r.ok() || !has_actor || has_others || !is_good) {
    return std::nullopt;
  }
  return out;
}

failure failure_of(std::string_view code) {
  for (std::size_t i = 0; i < failures; ++i) {
    if (facts(static_cast<failure>(i)).code == code) {
      return static_cast<failure>(i);
    }
  }
  return failure::host_error;
}

outcome error_of(std::string_view code, std::string_view text) {
  const failure why = failure_of(code);
  const std::string begin = std::string(code) + ": ";
  text.remove_prefix(text.starts_with(begin) ? begin.size() : 0);
  return outcome::failed(why == failure::none ? failure::host_error : why, std::string(text));
}

}  // namespace

std::string encode_system_request(const invocation& from, std::uint64_t limit_ms) {
  wire::invocation_fields fields;
  fields.target = from.target;
  fields.action = from.action;
  fields.argument = from.argument;
  fields.is_async = from.is_async;
  fields.register_ref = from.register_ref;
  fields.has_caller = from.has_caller;
  fields.caller = from.caller;
  fields.scheduled_to = from.scheduled_to;
  fields.pooled = from.pooled;
  std::vector<kv_view> metadata = from.metadata;
  const std::uint64_t limit = request_timeout_ms(from, limit_ms, limit_ms).value_or(limit_ms);
  const std::string text = std::to_string(limit);
  if (limit_ms != 0) {
    std::erase_if(metadata,
                  [](const kv_view& each) { return each.key == metadata_request_timeout; });
    metadata.push_back({metadata_request_timeout, text});
  }
  fields.metadata = metadata;
  std::string out;
  wire::append_invocation_request(out, fields);
  return out;
}

system_reply encode_system_reply(const outcome& ended, actor_view target, bool is_async) {
  system_reply out;
  if (!ended.ok()) {
    out.body = ended.message();
    out.with.emplace_back(header_error_code, facts(ended.why).code);
  } else if (is_async) {
    out.body = said_async;
  } else if (ended.value.kind == presence::unset) {
    out.body = said_no_content;
  } else {
    out.body = encode_response(ended, target);
  }
  return out;
}

outcome decode_system_reply(const transport_message& reply) {
  if (const std::string* code = reply.header(header_error_code)) {
    return error_of(*code, reply.payload);
  }
  if (reply.payload == said_async || reply.payload == said_no_content) {
    return outcome::done({});
  }
  if (auto response = read_response(reply.payload)) {
    return outcome::done(std::move(*response));
  }
  return outcome::failed(failure::host_error, is_utf8(reply.payload)
                                                  ? reply.payload
                                                  : "the other system's answer is malformed");
}

}  // namespace spawn
