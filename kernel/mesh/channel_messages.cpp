#include "mesh/channel_messages.hpp"

#include <cinttypes>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "mesh/subjects.hpp"
#include "wire/json_any.hpp"
#include "wire/plain_content.hpp"

namespace spawn {
namespace {

using nlohmann::json;

constexpr std::string_view header_kernel = "spawn-kernel";
constexpr std::string_view header_caller_name = "spawn-caller";
constexpr std::string_view header_caller_parent = "spawn-caller-parent";
constexpr std::string_view header_action = "spawn-action";
constexpr std::string_view header_payload = "spawn-payload";
constexpr std::string_view header_type_url = "spawn-type-url";
constexpr std::string_view header_content_type = "content-type";

std::string hex_of(std::uint64_t value) {
  char out[17];
  std::snprintf(out, sizeof out, "%016" PRIx64, value);
  return out;
}

std::string text_of(const transport_message& from, std::string_view header) {
  const std::string* found = from.header(header);
  return found != nullptr ? *found : std::string();
}

bool is_json_type(std::string_view type) {
  type = type.substr(0, type.find(';'));
  return type == "application/json" || type.ends_with("+json");
}

// By what is said of the body; without a word, by what it is.
payload read_body(const transport_message& from) {
  const std::string said = text_of(from, header_payload);
  const std::string* type_url = from.header(header_type_url);
  const bool is_nothing = from.payload.empty() && said != "value" && type_url == nullptr;
  if (said == "unset" || said == "noop" || is_nothing) {
    return {said == "unset" ? presence::unset : presence::noop, {}};
  }
  if (type_url != nullptr) {
    std::string any;
    wire::append_any(any, *type_url, from.payload);
    return {presence::value, std::move(any)};
  }
  const std::string type = text_of(from, header_content_type);
  const bool is_text = is_utf8(from.payload);
  if (is_text && (is_json_type(type) || type.empty()) && json::accept(from.payload)) {
    return {presence::value, wire::json_any(from.payload)};
  }
  return {presence::value, is_text && (type.empty() || type.starts_with("text/"))
                               ? wire::text_any(from.payload)
                               : wire::bytes_any(from.payload)};
}

}  // namespace

channel_message encode_channel_message(const broadcast_order& from, std::uint64_t kernel) {
  channel_message out;
  out.subject = channel_subject(from.system, from.channel);
  out.with.emplace_back(header_kernel, hex_of(kernel));
  if (from.has_caller) {
    out.with.emplace_back(header_caller_name, from.caller.name);
    if (!from.caller.parent.empty()) {
      out.with.emplace_back(header_caller_parent, from.caller.parent);
    }
  }
  if (!from.action.empty()) {
    out.with.emplace_back(header_action, from.action);
  }
  if (from.trace.present()) {
    std::string trace;
    from.trace.append_header_value(trace);
    out.with.emplace_back(header_traceparent, std::move(trace));
  }
  const auto kind = from.argument.kind;
  out.with.emplace_back(header_payload, kind == presence::value  ? "value"
                                        : kind == presence::noop ? "noop"
                                                                 : "unset");
  const wire::plain_content plain = wire::plain_of(from.argument.view());
  if (!plain.content_type.empty()) {
    out.with.emplace_back(header_content_type, plain.content_type);
  }
  if (!plain.type_url.empty()) {
    out.with.emplace_back(header_type_url, plain.type_url);
  }
  out.body = plain.body;
  return out;
}

std::optional<broadcast_order> decode_channel_message(const transport_message& from,
                                                      std::uint64_t kernel) {
  auto channel = channel_of_subject(from.subject);
  if (!channel || text_of(from, header_kernel) == hex_of(kernel)) {
    return std::nullopt;
  }
  broadcast_order out;
  std::tie(out.system, out.channel) = std::move(*channel);
  out.action = text_of(from, header_action);
  out.caller = actor_id(
      {out.system, text_of(from, header_caller_parent), text_of(from, header_caller_name)});
  out.has_caller = !out.caller.name.empty();
  out.trace = trace_context::parse(text_of(from, header_traceparent));
  for (const std::string* name :
       {&out.system, &out.channel, &out.action, &out.caller.name, &out.caller.parent}) {
    if (name->size() > limits::name_bytes_max || !is_utf8(*name)) {
      return std::nullopt;
    }
  }
  out.argument = read_body(from);
  return out;
}

std::string channel_event_json(const broadcast_order& of) {
  const auto dump = [](const json& what) {
    return what.dump(-1, ' ', false, json::error_handler_t::replace);
  };
  json from = nullptr;
  if (of.has_caller) {
    from = {{"name", of.caller.name}, {"parent", of.caller.parent}};
  }
  // Pasted, since it may be large; what an actor calls JSON need not be.
  std::string payload = wire::json_of(of.argument.view());
  if (!json::accept(payload)) {
    payload = dump(payload);
  }
  return R"({"channel":)" + dump(of.channel) + R"(,"from":)" + dump(from) + R"(,"action":)" +
         dump(of.action.empty() ? json(nullptr) : json(of.action)) + R"(,"payload":)" + payload +
         "}";
}

}  // namespace spawn
