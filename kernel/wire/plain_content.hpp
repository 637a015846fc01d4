// What a payload is to those outside who know nothing of protobuf's Any.
#pragma once
#include <string>
#include <string_view>

#include "model/payload.hpp"

namespace spawn::wire {

struct plain_content {
  std::string_view content_type;  // empty: there is no body
  std::string_view type_url;      // of a protobuf message
  std::string_view body;
};

// JSONType, StringValue and BytesValue are their content; of any other type the body is the encoded
// message. Views point into the payload. [any]
[[nodiscard]] plain_content plain_of(payload_view from) noexcept;

// The other way: an encoded Any of a StringValue or BytesValue. [any]
[[nodiscard]] std::string text_any(std::string_view text);
[[nodiscard]] std::string bytes_any(std::string_view bytes);

}  // namespace spawn::wire
