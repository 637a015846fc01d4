// Names, options and failures that the host side and the client side share.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace spawn::sdk {

// `parent` is the unnamed actor an instance was made from; empty for named actors.
struct actor_id {
  std::string name;
  std::string system;
  std::string parent;

  friend bool operator==(const actor_id&, const actor_id&) = default;
};

using string_map = std::map<std::string, std::string>;

// Throw it, or any std::exception, from an action: the message fails, the state stays as it was,
// no workflow runs, and the caller gets one ERROR.
class action_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct failure {
  enum class kind {
    not_sent,   // the kernel was not reached: nothing was executed
    unknown,    // the connection broke or timed out after sending: it may have been executed
    not_found,  // the kernel knows no such actor
    refused,    // the kernel, or the action, answered ERROR; the text is the kernel's
    decode,     // the answer's payload is missing or of another type
  };
  kind what = kind::refused;
  std::string text;
};

template <class T>
using result = tl::expected<T, failure>;

// Where the kernel listens. Defaults come from PROXY_HTTP_HOST and PROXY_HTTP_PORT, else
// 127.0.0.1:9001. A bad port in the environment throws std::invalid_argument.
struct kernel_address {
  kernel_address();
  kernel_address(std::string host_name, std::uint16_t port_number);

  // "host:port" or "host"; throws std::invalid_argument with the text in its message.
  [[nodiscard]] static kernel_address parse(std::string_view text);

  std::string host;
  std::uint16_t port;
};

}  // namespace spawn::sdk
