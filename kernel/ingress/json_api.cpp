#include "ingress/json_api.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/utf8.hpp"
#include "model/reserved_metadata.hpp"
#include "wire/json_any.hpp"

namespace spawn {
namespace {

using nlohmann::json;

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::sscanf(std::string(text.substr(i + 1, 2)).c_str(), "%2x", &value) == 1) {
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The value as JSON: a JSONType's own text; of any other type its name and bytes.
std::string json_of(const payload& value) {
  if (value.kind != presence::value) {
    return "null";
  }
  wire::any_view any;
  if (!wire::read_any(value.any, any)) {
    return "null";
  }
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
    return content.empty() ? "null" : std::string(content);
  }
  return json{{"@type", any.type_url}, {"value", base64_encode(any.value)}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

http_response json_answer(outcome& ended) {
  if (!ended.ok()) {
    return problem(ended);
  }
  http_response out;
  out.content_type = "application/json";
  out.body = json_of(ended.value);
  return out;
}

// The header's value: a quoted string by the book, but most clients send it bare.
std::string_view unquoted(std::string_view value) {
  const bool quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
  return quoted ? value.substr(1, value.size() - 2) : value;
}

}  // namespace

http_response problem(const outcome& ended) {
  http_response out;
  out.status = ended.why == failure::actor_not_found || ended.why == failure::action_not_found
                   ? 404
                   : facts(ended.why).http;
  out.content_type = "application/problem+json";
  out.retry_after_s = ended.retry_after_s;
  out.why = ended.why;
  out.text = ended.text;
  out.body = json{{"type", "about:blank"},
                  {"title", facts(ended.why).code},
                  {"status", out.status},
                  {"detail", ended.text}}
                 .dump(-1, ' ', false, json::error_handler_t::replace);
  return out;
}

void handle_json(gateway& g, http_request&& request, responder& to) {
  std::string_view path = request.path();
  const std::string whole(path);
  if (g.state.closed) {
    to.respond(refuse(path, 503, failure::shutting_down, "this kernel is shutting down"));
    return;
  }
  std::vector<std::string> parts;
  path.remove_prefix(std::string_view("/v1/systems/").size());
  while (true) {
    const auto slash = path.find('/');
    parts.push_back(decode_percent(path.substr(0, slash)));
    if (slash == path.npos) {
      break;
    }
    path.remove_prefix(slash + 1);
  }
  const bool shaped = parts.size() >= 3 && parts.size() <= 4 && parts[1] == "actors" &&
                      !parts[0].empty() && !parts[2].empty();
  if (!shaped) {
    to.respond(refuse(whole, 404, failure::invalid_argument, "no such path"));
    return;
  }
  for (const auto& part : parts) {
    if (part.size() > limits::name_bytes_max || !is_utf8(part)) {
      to.respond(refuse(whole, 400, failure::invalid_argument,
                        "a name in the path has more than " +
                            std::to_string(limits::name_bytes_max) + " bytes or is not UTF-8"));
      return;
    }
  }
  const bool is_read = parts.size() == 3;
  if (request.method != (is_read ? http_method::get : http_method::post)) {
    auto refused =
        refuse(whole, 405, failure::invalid_argument, is_read ? "use GET here" : "use POST here");
    refused.allow = is_read ? "GET" : "POST";
    to.respond(std::move(refused));
    return;
  }
  if (is_read) {
    get_state(g, parts[0], parts[2], to, json_answer);
    return;
  }
  if (!request.body.empty() && !json::accept(request.body)) {
    to.respond(refuse(whole, 400, failure::invalid_argument, "the body is not JSON"));
    return;
  }
  auto message = std::make_unique<invocation>();
  const std::string any = request.body.empty() ? std::string() : wire::json_any(request.body);
  const std::string_view key = request.idempotency_key ? unquoted(*request.idempotency_key) : "";
  message->storage.reserve(64 + parts[0].size() + parts[2].size() + parts[3].size() + any.size() +
                           key.size());
  const auto keep = [&](std::string_view text) {
    const std::size_t at = message->storage.size();
    message->storage += text;
    return std::string_view(message->storage.data() + at, text.size());
  };
  message->target.system = keep(parts[0]);
  message->target.name = keep(parts[2]);
  message->action = keep(parts[3]);
  message->argument =
      any.empty() ? payload_view{presence::noop, {}} : payload_view{presence::value, keep(any)};
  if (request.idempotency_key) {
    const auto name = keep(metadata_idempotency_key);
    message->metadata.push_back({name, keep(key)});
  }
  start_invocation(g, std::move(message), request.traceparent, to, json_answer);
}

}  // namespace spawn
