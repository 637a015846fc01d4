#include "wire/plain_content.hpp"

#include "wire/common.hpp"

namespace spawn::wire {
namespace {

// JSONType{content=1}, google.protobuf.StringValue and BytesValue{value=1}.
std::string_view first_field(std::string_view message) noexcept {
  reader r(message);
  std::string_view out;
  while (r.next()) {
    if (r.field() == 1) {
      out = r.bytes();
    } else {
      r.skip();
    }
  }
  return out;
}

std::string wrapped(std::string_view type_url, std::string_view bytes) {
  std::string value;
  if (!bytes.empty()) {
    put_bytes(value, 1, bytes);
  }
  std::string out;
  append_any(out, type_url, value);
  return out;
}

}  // namespace

plain_content plain_of(payload_view from) noexcept {
  any_view any;
  if (from.kind != presence::value || !read_any(from.any, any)) {
    return {};
  }
  const auto type = last_segment(any.type_url);
  if (type == "JSONType") {
    return {"application/json", {}, first_field(any.value)};
  }
  // Others may have types of these names.
  const auto name = any.type_url.substr(any.type_url.rfind('/') + 1);
  if (name == "google.protobuf.StringValue") {
    return {"text/plain; charset=utf-8", {}, first_field(any.value)};
  }
  if (name == "google.protobuf.BytesValue") {
    return {"application/octet-stream", {}, first_field(any.value)};
  }
  return {"application/protobuf", any.type_url, any.value};
}

std::string text_any(std::string_view text) {
  return wrapped("type.googleapis.com/google.protobuf.StringValue", text);
}

std::string bytes_any(std::string_view bytes) {
  return wrapped("type.googleapis.com/google.protobuf.BytesValue", bytes);
}

}  // namespace spawn::wire
