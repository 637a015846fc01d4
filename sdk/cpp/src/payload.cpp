#include "spawn/sdk/payload.hpp"

#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk {

namespace {

std::string_view last_segment(std::string_view type_name) {
  return type_name.substr(type_name.rfind('.') + 1);
}

}  // namespace

std::string_view type_name_of(std::string_view type_url) {
  return type_url.substr(type_url.rfind('/') + 1);
}

bool same_type(std::string_view type_url, std::string_view type_name) {
  const auto sent = type_name_of(type_url);
  return type_name.empty() || sent == type_name ||
         (last_segment(type_name) == "JSONType" && last_segment(sent) == "JSONType");
}

void set_type_url(std::string& type_url, std::string_view type_name) {
  type_url.assign("type.googleapis.com/").append(type_name);
}

void codec<json>::encode(const json& from, std::string& type_url, std::string& value) {
  set_type_url(type_url, type_name());
  wire::JSONType message;
  message.set_content(from.text);
  message.SerializeToString(&value);
}

bool codec<json>::decode(std::string_view, std::string_view value, json& out) {
  wire::JSONType message;
  if (!message.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return false;
  }
  out.text = std::move(*message.mutable_content());
  return true;
}

void codec<any_value>::encode(const any_value& from, std::string& type_url, std::string& value) {
  type_url = from.type_url;
  value = from.value;
}

bool codec<any_value>::decode(std::string_view type_url, std::string_view value, any_value& out) {
  out.type_url = type_url;
  out.value = value;
  return true;
}

}  // namespace spawn::sdk
