#include "cloud_events.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base64.hpp"
#include "json_text.hpp"

namespace http_activator {

namespace {

using nlohmann::json;

constexpr std::string_view header_prefix = "ce-";

answer bad(const std::string& why) {
  return problem(400, "CloudEvents: " + why);
}

// Lower case letters and digits.
bool is_attribute(std::string_view name) noexcept {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  });
}

// What an event lacks; empty when nothing is wrong with it.
std::string fault_of(const cloud_event& event) {
  const auto* version = find(event.attributes, "specversion");
  if (version == nullptr || *version != "1.0") {
    return "specversion is not 1.0";
  }
  for (const char* name : {"id", "source", "type"}) {
    const auto* value = find(event.attributes, name);
    if (value == nullptr || value->empty()) {
      return std::string(name) + " is missing";
    }
  }
  return {};
}

fallible<cloud_event> from_headers(request& from) {
  cloud_event out;
  for (const auto& [name, value] : from.headers) {
    if (!name.starts_with(header_prefix)) {
      continue;
    }
    const auto attribute = name.substr(header_prefix.size());
    auto text = decode_percent(value);
    if (!is_attribute(attribute) || !text) {
      return bad("the header " + name + " is not an attribute");
    }
    out.attributes.emplace_back(attribute, std::move(*text));
  }
  out.content_type = from.header("content-type");
  out.has_data = !from.body.empty();
  out.data = std::move(from.body);
  if (auto fault = fault_of(out); !fault.empty()) {
    return bad(fault);
  }
  return out;
}

// Strings as they are, integers and booleans in their text form; nothing for all else.
std::optional<std::string> text_of(const json& value) {
  if (value.is_string()) {
    return is_text(value.get_ref<const std::string&>()) ? std::optional(value.get<std::string>())
                                                        : std::nullopt;
  }
  return value.is_boolean() || value.is_number_integer() ? std::optional(value.dump())
                                                         : std::nullopt;
}

// Data that is not JSON by its content type and stands there as a string is that text.
void take_data(const json& data, cloud_event& to) {
  const auto type = media_type_of(to.content_type);
  to.has_data = true;
  if (data.is_string() && !type.empty() && !is_json_type(type)) {
    to.data = data.get<std::string>();
    return;
  }
  to.data = data.dump();
  if (type.empty()) {
    to.content_type = "application/json";
  }
}

fallible<cloud_event> from_object(const json& object) {
  if (!object.is_object()) {
    return bad("an event is a JSON object");
  }
  cloud_event out;
  for (const auto& [name, value] : object.items()) {
    if (name == "data" || name == "data_base64" || value.is_null()) {
      continue;
    }
    auto text = text_of(value);
    if (!is_attribute(name) || !text) {
      return bad("\"" + name + "\" is not an attribute");
    }
    if (name == "datacontenttype") {
      out.content_type = *text;
    }
    out.attributes.emplace_back(name, std::move(*text));
  }
  const auto data = object.find("data");
  const auto encoded = object.find("data_base64");
  if (data != object.end() && encoded != object.end()) {
    return bad("an event has data or data_base64");
  }
  if (data != object.end()) {
    take_data(*data, out);
  } else if (encoded != object.end()) {
    auto bytes =
        encoded->is_string() ? from_base64(encoded->get_ref<const std::string&>()) : std::nullopt;
    if (!bytes) {
      return bad("data_base64 is not base64");
    }
    out.has_data = true;
    out.data = std::move(*bytes);
  }
  if (auto fault = fault_of(out); !fault.empty()) {
    return bad(fault);
  }
  return out;
}

}  // namespace

event_mode mode_of(const request& from) {
  const auto type = media_type_of(from.header("content-type"));
  if (type == "application/cloudevents+json") {
    return event_mode::structured;
  }
  if (type == "application/cloudevents-batch+json") {
    return event_mode::batched;
  }
  return find(from.headers, "ce-specversion") != nullptr ? event_mode::binary : event_mode::none;
}

fallible<std::vector<cloud_event>> events_of(request& from, event_mode mode, std::size_t most) {
  std::vector<cloud_event> out;
  if (mode == event_mode::binary) {
    auto one = from_headers(from);
    if (!one) {
      return std::move(one.wrong());
    }
    out.push_back(std::move(*one));
    return out;
  }
  if (!is_json(from.body)) {
    return bad("the body is not JSON, or nested too deep");
  }
  auto body = json::parse(from.body);
  if (mode == event_mode::structured) {
    json one = json::array();
    one.push_back(std::move(body));
    body = std::move(one);
  } else if (!body.is_array()) {
    return bad("a batch is a JSON array");
  }
  if (body.size() > most) {
    return problem(413, "CloudEvents: a batch has at most " + std::to_string(most) + " events");
  }
  for (const auto& object : body) {
    auto one = from_object(object);
    if (!one) {
      return std::move(one.wrong());
    }
    out.push_back(std::move(*one));
  }
  return out;
}

}  // namespace http_activator
