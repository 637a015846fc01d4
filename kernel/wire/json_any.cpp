#include "wire/json_any.hpp"

#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "wire/plain_content.hpp"

namespace spawn::wire {

std::string json_any(std::string_view json) {
  std::string content;
  put_text(content, 1, json);
  std::string out;
  append_any(out, json_type_url, content);
  return out;
}

std::string json_of(payload_view value) {
  any_view any;
  if (value.kind != presence::value || !read_any(value.any, any)) {
    return "null";
  }
  const plain_content plain = plain_of(value);
  if (plain.content_type == "application/json") {
    return plain.body.empty() ? "null" : std::string(plain.body);
  }
  using nlohmann::json;
  return json{{"@type", any.type_url}, {"value", base64_encode(any.value)}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

}  // namespace spawn::wire
