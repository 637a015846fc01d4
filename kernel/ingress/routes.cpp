#include "ingress/routes.hpp"

#include <charconv>

#include "ingress/json_api.hpp"
#include "lane/post.hpp"
#include "model/request_timeout.hpp"
#include "wire/common.hpp"
#include "wire/invocation.hpp"
#include "wire/status.hpp"

namespace spawn {
namespace {

constexpr std::string_view api_prefix = "/api/v1/system";

enum class message_kind { registration, spawn, invocation };

message_kind kind_of(std::string_view path) {
  if (path == api_prefix || path == "/api/v1/system/") {
    return message_kind::registration;
  }
  return path.ends_with("/actors/spawn") ? message_kind::spawn : message_kind::invocation;
}

wire::status wire_status(const outcome& ended) {
  if (ended.ok()) {
    return wire::status::ok;
  }
  return ended.why == failure::actor_not_found ? wire::status::actor_not_found
                                               : wire::status::error;
}

http_response protobuf_answer(message_kind kind, const outcome& ended, std::string_view repeat) {
  http_response out;
  out.status = facts(ended.why).http;
  out.retry_after_s = ended.retry_after_s;
  out.why = ended.why;
  out.text = ended.text;
  const std::string said = ended.ok() ? std::string("Accepted") : ended.message();
  switch (kind) {
    case message_kind::registration:
      wire::append_registration_response(out.body, wire_status(ended), said);
      break;
    case message_kind::spawn:
      wire::append_spawn_response(out.body, wire_status(ended), said);
      break;
    case message_kind::invocation:
      wire::append_invocation_response(out.body, ended, repeat);
      break;
  }
  return out;
}

bool is_protobuf(std::string_view content_type) {
  const auto type = content_type.substr(0, content_type.find(';'));
  return type.empty() || type == "application/octet-stream" || type == "application/protobuf" ||
         type == "application/x-protobuf";
}

void invoke(gateway& g, http_request&& request, responder& to) {
  auto message = std::make_unique<invocation>();
  message->storage = std::move(request.body);
  wire::echo repeat;
  if (auto read = wire::read_invocation(*message, repeat); !read) {
    to.respond(protobuf_answer(message_kind::invocation,
                               outcome::failed(failure::invalid_argument, read.error().text), {}));
    return;
  }
  start_invocation(g, std::move(message), request.traceparent, to,
                   [repeat = std::move(repeat)](outcome& ended) {
                     return protobuf_answer(message_kind::invocation, ended, repeat);
                   });
}

void register_host(gateway& g, http_request&& request, responder& to) {
  std::optional<host_address> override_address;
  if (!request.spawn_host.empty() && is_trusted(g, request)) {
    const auto colon = request.spawn_host.rfind(':');
    host_address told;
    const char* end = request.spawn_host.data() + request.spawn_host.size();
    if (colon == std::string::npos ||
        std::from_chars(request.spawn_host.data() + colon + 1, end, told.port).ptr != end ||
        told.port == 0 || !is_ip_address(request.spawn_host.substr(0, colon))) {
      to.respond(protobuf_answer(
          message_kind::registration,
          outcome::failed(failure::invalid_argument, "header spawn-host \"" + request.spawn_host +
                                                         "\" is not an IP address and a port"),
          {}));
      return;
    }
    told.name = "registered";
    told.address = request.spawn_host.substr(0, colon);
    override_address = told;
  }
  reply_slot& slot = to.slot(
      [](outcome& ended) { return protobuf_answer(message_kind::registration, ended, {}); });
  registrar& registry = g.registry;
  post(g.lanes[0], [&registry, &slot, body = std::move(request.body), override_address]() mutable {
    registry.register_host(std::move(body), std::move(override_address), slot);
  });
}

void spawn_actors(gateway& g, http_request&& request, responder& to) {
  const auto text = request.query("revision");
  std::uint64_t revision = 0;
  if (!text.empty()) {
    const auto* end = text.data() + text.size();
    const auto [stopped, failed] = std::from_chars(text.data(), end, revision);
    if (failed != std::errc() || stopped != end) {
      to.respond(protobuf_answer(
          message_kind::spawn,
          outcome::failed(failure::invalid_argument,
                          "query revision \"" + std::string(text) + "\" is not a number"),
          {}));
      return;
    }
  }
  reply_slot& slot =
      to.slot([](outcome& ended) { return protobuf_answer(message_kind::spawn, ended, {}); });
  registrar::spawn(g.routers, g.lanes, g.home, std::move(request.body), revision, slot);
}

http_response plain(int status, std::string_view type, std::string body) {
  http_response out;
  out.status = status;
  out.content_type = type;
  out.body = std::move(body);
  return out;
}

// A store that is away does not make a kernel unready: what it keeps nothing for is served, and
// another kernel would not reach the store either. It is told, and the admin API tells why.
http_response health(gateway& g, bool readiness) {
  const bool up = !readiness || (g.state.ready && !g.state.draining);
  std::string away;
  for (const journal* store : g.router().services().stores) {
    if (readiness && !store->store().serving()) {
      away += (away.empty() ? R"(,"stores":{")" : R"(,")") + std::string(store->store().name()) +
              R"(":"not serving")";
    }
  }
  return plain(up ? 200 : 503, "application/json",
               std::string(R"({"status":")") + (up ? "up" : "down") + '"' + away +
                   (away.empty() ? "}" : "}}"));
}

// /api/v1/system/:s/actors/:a[/...]: the pieces after the prefix.
struct actor_path {
  std::string_view system;
  std::string_view actor;
  std::string_view rest;  // "invoke", or empty
  bool good = false;
};

actor_path split_actor_path(std::string_view path) {
  actor_path out;
  if (!path.starts_with("/api/v1/system/")) {
    return out;
  }
  path.remove_prefix(std::string_view("/api/v1/system/").size());
  const auto slash = path.find('/');
  if (slash == path.npos || !path.substr(slash).starts_with("/actors/")) {
    return out;
  }
  out.system = path.substr(0, slash);
  path.remove_prefix(slash + std::string_view("/actors/").size());
  const auto end = path.find('/');
  out.actor = path.substr(0, end);
  out.rest = end == path.npos ? std::string_view() : path.substr(end + 1);
  out.good = !out.actor.empty();
  return out;
}

void handle_api(gateway& g, http_request&& request, responder& to) {
  const auto path = request.path();
  const auto kind = kind_of(path);
  const auto parts = split_actor_path(path);
  const bool known = kind != message_kind::invocation ||
                     (parts.good && (parts.rest == "invoke" || parts.rest.empty()));
  if (!known) {
    to.respond(refuse(path, 404, failure::invalid_argument, "no such path"));
    return;
  }
  const bool is_get_state = kind == message_kind::invocation && parts.rest.empty();
  const auto wanted = is_get_state ? http_method::get : http_method::post;
  if (request.method != wanted) {
    auto refused = refuse(path, 405, failure::invalid_argument,
                          is_get_state ? "use GET here" : "use POST here");
    refused.allow = is_get_state ? "GET" : "POST";
    to.respond(std::move(refused));
    return;
  }
  if (is_get_state) {
    get_state(g, parts.system, parts.actor, to, [](outcome& ended) {
      auto out = protobuf_answer(message_kind::invocation, ended, {});
      if (ended.why == failure::actor_not_found) {
        out.status = 404;
      }
      return out;
    });
    return;
  }
  if (!is_protobuf(request.content_type)) {
    to.respond(refuse(path, 415, failure::invalid_argument,
                      "content type " + request.content_type +
                          " is not served here; use application/octet-stream"));
    return;
  }
  switch (kind) {
    case message_kind::registration:
      register_host(g, std::move(request), to);
      return;
    case message_kind::spawn:
      spawn_actors(g, std::move(request), to);
      return;
    case message_kind::invocation:
      invoke(g, std::move(request), to);
      return;
  }
}

}  // namespace

void start_invocation(gateway& g, invocation_ptr message, std::string_view traceparent,
                      responder& to, std::function<http_response(outcome&)> convert) {
  const auto timeout = request_timeout_ms(*message, g.options.request_ms, g.options.request_ms_max);
  if (!timeout) {
    outcome refused = outcome::failed(failure::invalid_argument, timeout.error().text);
    to.respond(convert(refused));
    return;
  }
  const std::uint64_t bytes = message->storage.size() + sizeof(invocation);
  if (!g.budget.try_take(bytes)) {
    g.stats.refused.add();
    outcome refused =
        outcome::failed(failure::resource_exhausted, "limits.inflight_bytes is reached");
    to.respond(convert(refused));
    return;
  }
  message->budget = &g.budget;
  message->charged_bytes = bytes;
  message->deadline_ns = g.home.now_ns() + *timeout * ns_per_ms;
  if (!traceparent.empty()) {
    message->trace = trace_context::parse(traceparent);
  } else if (const kv_view* carried = message->find_metadata("traceparent")) {
    message->trace = trace_context::parse(carried->value);
  }
  to.expect_until(message->deadline_ns);
  message->reply = &to.slot(std::move(convert));
  g.router().route(std::move(message));
}

void get_state(gateway& g, std::string_view system, std::string_view actor, responder& to,
               std::function<http_response(outcome&)> convert) {
  auto message = std::make_unique<invocation>();
  message->storage.reserve(64 + system.size() + actor.size());
  message->storage += system;
  message->storage += actor;
  message->storage += "get_state";
  const std::string_view all(message->storage);
  message->target = {all.substr(0, system.size()), {}, all.substr(system.size(), actor.size())};
  message->action = all.substr(system.size() + actor.size());
  message->read_state = true;
  start_invocation(g, std::move(message), {}, to, std::move(convert));
}

http_response refuse(std::string_view path, int status, failure why, std::string text) {
  const outcome ended = outcome::failed(why, std::move(text));
  if (path.starts_with("/v1/")) {
    auto out = problem(ended);
    out.status = status;
    return out;
  }
  auto out = protobuf_answer(kind_of(path), ended, {});
  out.status = status;
  return out;
}

void handle(gateway& g, http_request&& request, responder& to) {
  g.stats.requests.add();
  const auto path = request.path();
  const bool is_read = request.method == http_method::get || request.method == http_method::head;
  if (path.starts_with("/api/v1/system")) {
    if (g.state.closed) {
      to.respond(refuse(path, 503, failure::shutting_down, "this kernel is shutting down"));
      return;
    }
    handle_api(g, std::move(request), to);
  } else if (path.starts_with("/v1/systems/")) {
    handle_json(g, std::move(request), to);
  } else if (is_read && (path == "/health" || path == "/health/liveness")) {
    to.respond(health(g, false));
  } else if (is_read && path == "/health/readiness") {
    to.respond(health(g, true));
  } else if (is_read && path == "/metrics" && g.metrics) {
    to.expect_until(g.home.now_ns() + g.options.request_ms * ns_per_ms);
    g.metrics(to.slot([](outcome& ended) {
      return ended.ok() ? plain(200, "text/plain; version=0.0.4; charset=utf-8",
                                std::move(ended.value.any))
                        : plain(503, "text/plain", ended.message() + "\n");
    }));
  } else if (path.starts_with("/api/")) {
    to.respond(refuse(path, 404, failure::invalid_argument, "no such path"));
  } else {
    auto unknown = plain(404, "text/plain", "Not found!");
    unknown.why = failure::invalid_argument;
    unknown.text = "no such path";
    to.respond(std::move(unknown));
  }
}

}  // namespace spawn
