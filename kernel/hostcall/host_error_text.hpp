// What people are told when a host answers with an error.
#pragma once
#include <string>
#include <string_view>

namespace spawn {

// "the host answered HTTP 422: insufficient funds": the status, and the first line of the body if
// that is text, up to 256 bytes. [any]
[[nodiscard]] std::string host_error_text(int status, std::string_view body);

}  // namespace spawn
