#include "intake.hpp"

#include <tuple>

#include "cloud_events.hpp"
#include "json_text.hpp"
#include "names.hpp"

namespace http_activator {

namespace {

using spawn::plugin::delivery;

struct body_of {
  std::string content_type;
  std::string bytes;
  bool there = false;  // an empty message of protobuf has no bytes, and is one
};

answer unsupported(const std::string& type, std::string_view wanted) {
  return problem(415, (type.empty() ? "a body without Content-Type" : type) +
                          " is not taken here; send " + std::string(wanted));
}

// Nothing when it is done.
std::optional<answer> take_protobuf(const settings& with, const route& taken,
                                    const std::string& type, body_of& from, delivery& to) {
  if (is_json_type(type)) {
    std::string why = "nested too deep";
    auto bytes = is_json(from.bytes) && with.types
                     ? with.types->to_binary(taken.message, from.bytes, why)
                     : std::nullopt;
    if (!bytes) {
      return problem(400, "the body is not JSON of " + taken.message + ": " + why);
    }
    from.bytes = std::move(*bytes);
  } else if (type != "application/protobuf" && type != "application/x-protobuf" &&
             type != "application/octet-stream") {
    return unsupported(type, "application/json or application/protobuf");
  } else if (with.types && !with.types->is_message(taken.message, from.bytes)) {
    return problem(400, "the body is not an encoded " + taken.message);
  }
  to.type_url = std::string(type_url_prefix) + "/" + taken.message;
  to.payload = std::move(from.bytes);
  to.content_type = "application/protobuf";
  return std::nullopt;
}

std::optional<answer> take_bytes(const settings& with, const route& taken, const std::string& type,
                                 body_of& from, delivery& to) {
  const bool wants_json = taken.content == content_rule::json;
  const bool wants_text = taken.content == content_rule::text;
  if (wants_json && !type.empty() && !is_json_type(type)) {
    return unsupported(type, "application/json");
  }
  if (wants_text && !type.empty() && !type.starts_with("text/")) {
    return unsupported(type, "text/plain");
  }
  if ((wants_json || is_json_type(type)) && !is_json(from.bytes)) {
    return problem(400, "the body is not JSON, or nested too deep");
  }
  if (wants_text && !is_utf8(from.bytes)) {
    return problem(400, "the body is not UTF-8");
  }
  to.content_type = !type.empty() ? std::move(from.content_type)
                    : wants_json  ? "application/json"
                    : wants_text  ? "text/plain; charset=utf-8"
                                  : with.content_type;
  to.payload = std::move(from.bytes);
  return std::nullopt;
}

std::optional<answer> take_body(const settings& with, const route& taken, body_of from,
                                delivery& to) {
  const auto type = media_type_of(from.content_type);
  if (!from.there && from.bytes.empty() && (taken.message.empty() || type.empty())) {
    to.presence = SPAWN_P_NOOP;
    return std::nullopt;
  }
  return taken.message.empty() ? take_bytes(with, taken, type, from, to)
                               : take_protobuf(with, taken, type, from, to);
}

pairs headers_of(const route& taken, const request& from, event_mode mode) {
  pairs out;
  for (const auto& [name, value] : from.headers) {
    if (is_passed_on(name) && (mode == event_mode::none || !name.starts_with("ce-"))) {
      out.emplace_back(name, value);
    }
  }
  out.emplace_back("http-method", from.method);
  out.emplace_back("http-path", from.path);
  out.emplace_back("http-route", taken.name);
  out.emplace_back("http-remote-address", from.remote);
  if (!from.client.empty()) {
    out.emplace_back("http-client", from.client);
  }
  for (const auto& [name, value] : from.params) {
    out.emplace_back("path-" + name, value);
  }
  for (const auto& [name, value] : from.query) {
    out.emplace_back("query-" + name, value);
  }
  return out;
}

// Nothing when all that the route has templates for is there.
std::optional<answer> take_names(const route& taken, const request& from, delivery& to) {
  const fillings fill{from.params, from.query, to.headers};
  std::string missing;
  for (const auto& [key, text, place] : {std::tuple{"system", &taken.system, &to.system},
                                         {"parent", &taken.parent, &to.parent},
                                         {"actor", &taken.actor, &to.name},
                                         {"action", &taken.action, &to.action},
                                         {"register_ref", &taken.register_ref, &to.register_ref},
                                         {"order_by", &taken.order_by, &to.order_key}}) {
    if (!text->fill(fill, *place, missing)) {
      return problem(400, missing + " is missing: this route needs it");
    }
    if (!is_text(*place)) {  // paths and queries are; a header may have any bytes
      return problem(400, std::string("what this request gives for ") + key +
                              " is not UTF-8, or has a control character");
    }
  }
  return std::nullopt;
}

// A quoted string by the book, but most clients send it bare.
std::string_view unquoted(std::string_view value) noexcept {
  const bool quoted = value.size() >= 2 && value.starts_with('"') && value.ends_with('"');
  return quoted ? value.substr(1, value.size() - 2) : value;
}

std::optional<answer> finish(const settings& with, const route& taken, const request& from,
                             body_of body, delivery& to) {
  to.source = taken.name;
  if (auto wrong = take_names(taken, from, to)) {
    return wrong;
  }
  return take_body(with, taken, std::move(body), to);
}

}  // namespace

fallible<deliveries> deliveries_of(const settings& with, const route& taken, request& from) {
  const bool may_be_event =
      taken.content == content_rule::automatic || taken.content == content_rule::cloud_events;
  const auto mode = may_be_event ? mode_of(from) : event_mode::none;
  if (mode == event_mode::none && taken.content == content_rule::cloud_events) {
    return problem(415, "this route takes CloudEvents; see its binding to HTTP");
  }
  const pairs headers = headers_of(taken, from, mode);
  deliveries out;
  if (mode == event_mode::none) {
    auto one = std::make_unique<delivery>();
    one->headers = headers;
    one->flags = taken.wants_reply ? SPAWN_D_WANT_REPLY : 0;
    if (const auto key = unquoted(from.header(taken.dedup_header)); !key.empty()) {
      one->dedup_id = taken.name + " " + std::string(key);
    }
    if (auto wrong =
            finish(with, taken, from,
                   {std::string(from.header("content-type")), std::move(from.body)}, *one)) {
      return std::move(*wrong);
    }
    out.push_back(std::move(one));
    return out;
  }
  auto events = events_of(from, mode, with.batch_events_max);
  if (!events) {
    return std::move(events.wrong());
  }
  for (auto& event : *events) {
    auto one = std::make_unique<delivery>();
    one->headers = headers;
    one->flags = taken.wants_reply && mode != event_mode::batched ? SPAWN_D_WANT_REPLY : 0;
    one->dedup_id = event.source() + " " + event.id();
    for (const auto& [name, value] : event.attributes) {
      one->headers.emplace_back("ce-" + name, value);
    }
    if (auto wrong =
            finish(with, taken, from,
                   {std::move(event.content_type), std::move(event.data), event.has_data}, *one)) {
      return std::move(*wrong);
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace http_activator
