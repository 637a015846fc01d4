#include "ingress/channel_api.hpp"

#include <nlohmann/json.hpp>

#include "base/percent.hpp"
#include "base/utf8.hpp"
#include "wire/json_any.hpp"

namespace spawn {
namespace {

// What was sent is on its way once this answers: a channel is at most once (protocol.md 7.1).
void send(gateway& g, const std::vector<std::string>& parts, http_request&& request,
          responder& to) {
  const std::string path(request.path());
  if (!request.body.empty() && !nlohmann::json::accept(request.body)) {
    to.respond(refuse(path, 400, failure::invalid_argument, "the body is not JSON"));
    return;
  }
  broadcast_order order;
  order.system = parts[0];
  order.channel = parts[2];
  order.action = decode_percent(request.query("action"));
  if (order.action.size() > limits::name_bytes_max || !is_utf8(order.action)) {
    to.respond(refuse(path, 400, failure::invalid_argument,
                      "query action has more than " + std::to_string(limits::name_bytes_max) +
                          " bytes or is not UTF-8"));
    return;
  }
  const std::uint64_t bytes = request.body.size();
  if (!g.budget.try_take(bytes)) {
    g.stats.refused.add();
    to.respond(refuse(path, 503, failure::resource_exhausted, "limits.inflight_bytes is reached"));
    return;
  }
  g.budget.give_back(bytes);  // every message that it becomes is charged by itself
  order.argument = request.body.empty() ? payload(presence::noop, {})
                                        : payload(presence::value, wire::json_any(request.body));
  order.trace = trace_context::parse(request.traceparent);
  g.stats.broadcasts.add();
  g.router().broadcast(std::move(order));
  http_response out;
  out.status = 202;
  out.content_type = "application/json";
  out.body = "{}";
  to.respond(std::move(out));
}

}  // namespace

void handle_channel(gateway& g, const std::vector<std::string>& parts, http_request&& request,
                    responder& to) {
  const bool listens = parts.size() == 4;
  if (listens && parts[3] != "events") {
    to.respond(refuse(request.path(), 404, failure::invalid_argument, "no such path"));
    return;
  }
  if (request.method != (listens ? http_method::get : http_method::post)) {
    auto refused = refuse(request.path(), 405, failure::invalid_argument,
                          listens ? "use GET here" : "use POST here");
    refused.allow = listens ? "GET" : "POST";
    to.respond(std::move(refused));
    return;
  }
  if (listens) {
    to.stream(parts[0], parts[2]);
  } else {
    send(g, parts, std::move(request), to);
  }
}

}  // namespace spawn
