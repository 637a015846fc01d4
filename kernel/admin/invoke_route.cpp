// Invocations from people: JSON in, JSON out.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/routes.hpp"
#include "base/base64.hpp"
#include "base/json_depth.hpp"
#include "wire/json_any.hpp"

namespace spawn {
namespace {

using nlohmann::json;

// Past a deadline the kernel answers by itself; this is for the answer's way back.
constexpr std::uint64_t grace_ms = 5'000;

struct ask_for {
  std::string system, actor, parent, action, register_ref;
  std::string argument;  // encoded Any; empty: Noop
  std::vector<std::pair<std::string, std::string>> metadata;
  bool is_async = false;
  bool pooled = false;
  std::uint64_t timeout_ms = 0;
};

std::optional<std::string> read_text(const json& body, const char* key, std::string& out) {
  const auto at = body.find(key);
  if (at == body.end()) {
    return std::nullopt;
  }
  if (!at->is_string()) {
    return "\"" + std::string(key) + "\" is not a string";
  }
  out = at->get<std::string>();
  if (out.size() > limits::name_bytes_max) {
    return "\"" + std::string(key) + "\" has more than " + std::to_string(limits::name_bytes_max) +
           " bytes";
  }
  return std::nullopt;
}

std::optional<std::string> read_payload(const json& body, ask_for& out) {
  const bool has_json = body.contains("payload");
  const bool has_bytes = body.contains("base64") || body.contains("type_url");
  if (has_json && has_bytes) {
    return "give either \"payload\", or \"type_url\" and \"base64\"";
  }
  if (has_json) {
    out.argument = wire::json_any(body["payload"].dump());
  } else if (has_bytes) {
    const auto url = body.find("type_url");
    const auto bytes = body.find("base64");
    if (url == body.end() || !url->is_string() || url->get_ref<const std::string&>().empty()) {
      return "\"type_url\" is missing or not a string";
    }
    if (bytes != body.end() && !bytes->is_string()) {
      return "\"base64\" is not a string";
    }
    const auto value = base64_decode(bytes == body.end() ? "" : bytes->get<std::string>());
    if (!value) {
      return "\"base64\" is not base64";
    }
    wire::append_any(out.argument, url->get<std::string>(), *value);
  }
  return std::nullopt;
}

std::optional<std::string> read_metadata(const json& body, const config::limit_settings& bounds,
                                         ask_for& out) {
  const auto at = body.find("metadata");
  if (at == body.end()) {
    return std::nullopt;
  }
  if (!at->is_object()) {
    return "\"metadata\" is not an object";
  }
  std::size_t bytes = 0;
  for (const auto& [key, value] : at->items()) {
    if (!value.is_string()) {
      return "metadata \"" + key + "\" is not a string";
    }
    out.metadata.emplace_back(key, value.get<std::string>());
    bytes += key.size() + out.metadata.back().second.size();
  }
  if (out.metadata.size() > bounds.metadata_entries || bytes > bounds.metadata_bytes) {
    return "\"metadata\" is larger than limits.metadata_entries or limits.metadata_bytes allow";
  }
  return std::nullopt;
}

std::optional<std::string> read_rest(const json& body, const config::settings& settings,
                                     ask_for& out) {
  const auto flag = [&](const char* key, bool& into) {
    const auto at = body.find(key);
    if (at != body.end() && at->is_boolean()) {
      into = at->get<bool>();
    }
    return at == body.end() || at->is_boolean();
  };
  if (!flag("async", out.is_async) || !flag("pooled", out.pooled)) {
    return "\"async\" and \"pooled\" are true or false";
  }
  out.timeout_ms = settings.timeouts.request_ms;
  if (const auto at = body.find("timeout_ms"); at != body.end()) {
    if (!at->is_number_unsigned() || at->get<std::uint64_t>() == 0) {
      return "\"timeout_ms\" is not a number of milliseconds above 0";
    }
    out.timeout_ms = std::min(at->get<std::uint64_t>(), settings.timeouts.request_max_ms);
  }
  return std::nullopt;
}

// What is wrong with the body, or nothing.
std::optional<std::string> read_body(const std::string& text, const config::settings& settings,
                                     ask_for& out) {
  static constexpr const char* known[] = {
      "system", "actor",    "parent", "action", "payload",    "type_url",
      "base64", "metadata", "async",  "pooled", "timeout_ms", "register_ref",
  };
  if (json_nests_deeper(text)) {
    return "the body is nested too deep";
  }
  const json body = json::parse(text, nullptr, false);
  if (!body.is_object()) {
    return "the body is not a JSON object";
  }
  for (const auto& [key, value] : body.items()) {
    if (std::find(std::begin(known), std::end(known), key) == std::end(known)) {
      return "unknown key \"" + key + "\"";
    }
  }
  out.system = settings.system;
  const std::pair<const char*, std::string*> texts[] = {{"system", &out.system},
                                                        {"actor", &out.actor},
                                                        {"parent", &out.parent},
                                                        {"action", &out.action},
                                                        {"register_ref", &out.register_ref}};
  for (const auto& [key, into] : texts) {
    if (auto wrong = read_text(body, key, *into)) {
      return wrong;
    }
  }
  if (out.actor.empty() || out.action.empty() || out.system.empty()) {
    return "\"actor\" and \"action\" are needed";
  }
  auto wrong = read_payload(body, out);
  if (!wrong) {
    wrong = read_metadata(body, settings.limits, out);
  }
  return wrong ? wrong : read_rest(body, settings, out);
}

invocation_ptr message_of(const ask_for& from) {
  auto message = std::make_unique<invocation>();
  std::size_t bytes = from.system.size() + from.actor.size() + from.parent.size() +
                      from.action.size() + from.register_ref.size() + from.argument.size();
  for (const auto& [key, value] : from.metadata) {
    bytes += key.size() + value.size();
  }
  // Never grows from here on: the views point into it.
  message->storage.reserve(bytes + 1);
  const auto keep = [&](std::string_view text) {
    const std::size_t at = message->storage.size();
    message->storage += text;
    return std::string_view(message->storage.data() + at, text.size());
  };
  message->target = {keep(from.system), keep(from.parent), keep(from.actor)};
  message->action = keep(from.action);
  message->register_ref = keep(from.register_ref);
  message->argument = from.argument.empty() ? payload_view{presence::noop, {}}
                                            : payload_view{presence::value, keep(from.argument)};
  for (const auto& [key, value] : from.metadata) {
    const std::string_view kept = keep(key);
    message->metadata.push_back({kept, keep(value)});
  }
  message->is_async = from.is_async;
  message->pooled = from.pooled;
  if (const kv_view* trace = message->find_metadata("traceparent")) {
    message->trace = trace_context::parse(trace->value);
  }
  return message;
}

struct admin_slot final : reply_slot {
  explicit admin_slot(lane_answer<outcome> to) : answer_to(std::move(to)) {}
  lane_answer<outcome> answer_to;
};

}  // namespace

std::string payload_json(payload_view value) {
  wire::any_view any;
  if (value.kind != presence::value || !wire::read_any(value.any, any)) {
    return "null";
  }
  json out{{"type_url", any.type_url}, {"base64", base64_encode(any.value)}};
  if (wire::last_segment(any.type_url) == "JSONType") {
    wire::reader r(any.value);
    std::string_view content;
    while (r.next()) {
      if (r.field() == 1) {
        content = r.text();
      } else {
        r.skip();
      }
    }
    if (!json_nests_deeper(content)) {
      json parsed = json::parse(content, nullptr, false);
      if (!parsed.is_discarded()) {
        out["json"] = std::move(parsed);
      }
    }
  }
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

boost::asio::awaitable<std::optional<outcome>> deliver(admin_call& call, invocation_ptr message,
                                                       std::uint64_t wait_ms) {
  byte_budget& budget = call.kernel.budget;
  const std::uint64_t bytes = message->storage.size() + sizeof(invocation);
  if (!budget.try_take(bytes)) {
    co_return outcome::failed(failure::resource_exhausted, "limits.inflight_bytes is reached");
  }
  message->budget = &budget;
  message->charged_bytes = bytes;
  lane& home = call.kernel.lanes.of(lane_hash(message->target.system, message->target.name));
  lane_router* router = call.kernel.routers[home.index()];
  auto work = [router, wait_ms, message = std::move(message)](lane_answer<outcome> answer) mutable {
    auto* slot = new admin_slot(std::move(answer));
    slot->home = &router->home();
    slot->arrived = [](reply_slot& arrived) {
      const std::unique_ptr<admin_slot> mine(static_cast<admin_slot*>(&arrived));
      mine->answer_to(std::move(mine->result));
    };
    message->reply = slot;
    message->deadline_ns = router->home().now_ns() + wait_ms * ns_per_ms;
    router->route(std::move(message));
  };
  co_return co_await ask<outcome>(call.loop, home, wait_ms + grace_ms, std::move(work));
}

admin_answer invoke_actor(admin_call& call) {
  ask_for wanted;
  if (const auto wrong = read_body(call.request.body, call.kernel.settings, wanted)) {
    co_return bad_request(*wrong);
  }
  if (call.kernel.state.closed) {
    auto refused = outcome::failed(failure::shutting_down, "this kernel is shutting down");
    co_return admin_problem(refused);
  }
  auto message = message_of(wanted);
  const auto ended = co_await deliver(call, std::move(message), wanted.timeout_ms);
  if (!ended) {
    co_return lane_is_busy();
  }
  if (!ended->ok()) {
    co_return admin_problem(*ended);
  }
  admin_response out;
  out.status = wanted.is_async ? 202 : 200;
  out.body = std::string(R"({"status":")") + (wanted.is_async ? "ACCEPTED" : "OK") +
             R"(","payload":)" + payload_json(ended->value.view()) + "}";
  co_return out;
}

}  // namespace spawn
