#include "intake/event.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/json_depth.hpp"

namespace spawn {
namespace {

using nlohmann::json;

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return out;
}

std::string media_type(std::string_view header) {
  auto text = header.substr(0, header.find(';'));
  while (text.ends_with(' ')) {
    text.remove_suffix(1);
  }
  return lower(text);
}

// CloudEvents in binary mode: each binding prefixes the attributes in its own way.
std::string plain_name(std::string_view header) {
  std::string name = lower(header);
  for (const std::string_view prefix : {"cloudevents:", "cloudevents_", "ce_"}) {
    if (name.starts_with(prefix)) {
      return "ce-" + name.substr(prefix.size());
    }
  }
  return name;
}

std::string text_of(const json& value) {
  return value.is_string() ? value.get<std::string>()
                           : value.dump(-1, ' ', false, json::error_handler_t::replace);
}

error missing(std::string what) {
  return {errc::invalid, 0, std::move(what)};
}

}  // namespace

struct event::parsed_body {
  json value;
};

event::event(const delivery& from)
    : of_(from),
      content_type_(media_type(view_of(from.raw.content_type))),
      body_(view_of(from.raw.payload.value)) {
  headers_.reserve(from.headers().size());
  for (const spawn_kv& each : from.headers()) {
    headers_.emplace_back(plain_name(view_of(each.key)), view_of(each.value));
  }
  if (content_type_.empty()) {
    if (const std::string* said = header("content-type")) {
      content_type_ = media_type(*said);
    }
  }
}

event::~event() = default;

const std::string* event::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers_) {
    if (key == name) {
      return &value;
    }
  }
  return nullptr;
}

result<std::string> event::field(std::string_view name) {
  if (name.starts_with("header.")) {
    const std::string wanted = lower(name.substr(7));
    const std::string* value = header(wanted);
    if (value == nullptr) {
      return fail(missing("the message has no header " + wanted));
    }
    return *value;
  }
  if (name.starts_with("body.")) {
    return body_field(name.substr(5));
  }
  if (name == "body") {
    return std::string(body_);
  }
  const auto some = [&](std::string_view value) -> result<std::string> {
    if (value.empty()) {
      return fail(missing("the message has no " + std::string(name)));
    }
    return std::string(value);
  };
  if (name == "key") {
    return some(view_of(of_.raw.order_key));
  }
  if (name == "id") {
    return some(view_of(of_.raw.dedup_id));
  }
  if (name == "source") {
    return some(view_of(of_.raw.source));
  }
  if (name == "partition") {
    return some(view_of(of_.raw.partition));
  }
  return std::to_string(of_.raw.attempt);
}

event::parsed_body& event::parsed() {
  if (!parsed_) {
    parsed_ = std::make_unique<parsed_body>();
    // What is too deep is like what is no JSON.
    parsed_->value = json_nests_deeper(body_) ? json(json::value_t::discarded)
                                              : json::parse(body_, nullptr, false);
  }
  return *parsed_;
}

bool event::is_json() const {
  return parsed_ ? !parsed_->value.is_discarded()
                 : !json_nests_deeper(body_) && json::accept(body_);
}

std::string event::why_not_json() const {
  return json_nests_deeper(body_)
             ? "is nested more than " + std::to_string(json_nesting_max) + " deep"
             : "is not JSON";
}

result<std::string> event::body_field(std::string_view path) {
  const json* at = &parsed().value;
  if (at->is_discarded()) {
    return fail(
        missing("the body " + why_not_json() + ", so it has no field " + std::string(path)));
  }
  for (std::string_view left = path; !left.empty();) {
    const auto dot = left.find('.');
    const std::string step(left.substr(0, dot));
    left = dot == left.npos ? std::string_view{} : left.substr(dot + 1);
    const json* next = nullptr;
    if (at->is_object() && at->contains(step)) {
      next = &(*at)[step];
    } else if (at->is_array() && !step.empty() && step.size() < 10 &&
               std::all_of(step.begin(), step.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
               std::stoul(step) < at->size()) {
      next = &(*at)[std::stoul(step)];
    }
    if (next == nullptr) {
      return fail(missing("the body has no field " + std::string(path)));
    }
    at = next;
  }
  if (at->is_structured() || at->is_null()) {
    return fail(missing("field " + std::string(path) + " of the body is " +
                        (at->is_null() ? "null" : "not a single value")));
  }
  return text_of(*at);
}

bool event::is_structured() const noexcept {
  return content_type_.starts_with("application/cloudevents");
}

result<void> event::unwrap_cloudevent() {
  if (header("ce-id") != nullptr && !is_structured()) {
    return {};  // binary mode: it is unwrapped already
  }
  json& envelope = parsed().value;
  if (!envelope.is_object()) {
    return fail(errc::invalid, "the body is no CloudEvent: it is not a JSON object");
  }
  for (const char* needed : {"id", "source", "type", "specversion"}) {
    if (!envelope.contains(needed) || !envelope[needed].is_string()) {
      return fail(errc::invalid, std::string("the body is no CloudEvent: it has no ") + needed);
    }
  }
  for (const auto& [name, value] : envelope.items()) {
    if (name != "data" && name != "data_base64" && !value.is_structured()) {
      headers_.emplace_back("ce-" + lower(name), text_of(value));
    }
  }
  content_type_ = envelope.contains("datacontenttype")
                      ? media_type(text_of(envelope["datacontenttype"]))
                      : "application/json";
  unwrapped_.clear();
  if (envelope.contains("data_base64")) {
    auto bytes = base64_decode(text_of(envelope["data_base64"]));
    if (!bytes) {
      return fail(errc::invalid, "data_base64 of the CloudEvent is not base64");
    }
    unwrapped_ = std::move(*bytes);
  } else if (envelope.contains("data")) {
    const bool is_json = content_type_ == "application/json" || content_type_.ends_with("+json");
    unwrapped_ = is_json ? envelope["data"].dump(-1, ' ', false, json::error_handler_t::replace)
                         : text_of(envelope["data"]);
  }
  body_ = unwrapped_;
  parsed_.reset();
  return {};
}

}  // namespace spawn
