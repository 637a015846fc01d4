#include "ingress/json_api.hpp"

#include <nlohmann/json.hpp>

#include "base/utf8.hpp"
#include "ingress/channel_api.hpp"
#include "ingress/path_parts.hpp"
#include "model/reserved_metadata.hpp"
#include "wire/json_any.hpp"

namespace spawn {
namespace {

using nlohmann::json;

http_response json_answer(outcome& ended) {
  if (!ended.ok()) {
    return problem(ended);
  }
  http_response out;
  out.content_type = "application/json";
  out.body = wire::json_of(ended.value.view());
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
  const std::string_view path = request.path();
  const std::string whole(path);
  if (g.state.closed) {
    to.respond(refuse(path, 503, failure::shutting_down, "this kernel is shutting down"));
    return;
  }
  const auto parts = path_parts(path.substr(std::string_view("/v1/systems/").size()));
  const bool has_names =
      parts.size() >= 3 && parts.size() <= 4 && !parts[0].empty() && !parts[2].empty();
  if (!has_names || (parts[1] != "actors" && parts[1] != "channels")) {
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
  if (parts[1] == "channels") {
    handle_channel(g, parts, std::move(request), to);
    return;
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
