// A body becomes the argument of an action.
#pragma once
#include <string_view>

#include "base/result.hpp"
#include "intake/event.hpp"
#include "model/payload.hpp"

namespace spawn {

// How the body of a message is read.
enum class content_kind : std::uint8_t { automatic, json, text, bytes, protobuf };

// What has a type already stays as it is. JSON becomes a JSONType, text a StringValue, bytes a
// BytesValue; no body, or an empty one that is read as JSON, a Noop. Automatic goes by the content
// type, and where there is none by whether it is JSON. `message`: full name or type URL of the
// protobuf message. An error says why the body is not what it should be. [lane]
[[nodiscard]] result<payload> make_argument(const event& from, content_kind as,
                                            std::string_view message);

}  // namespace spawn
