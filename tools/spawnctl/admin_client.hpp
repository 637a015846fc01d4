// One request to a kernel's admin API, and its answer.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace spawn::ctl {

struct admin_target {
  std::string address;  // --admin: a socket path, http://host:port, or empty: the usual places
  std::string token;    // of TCP
  std::uint64_t timeout_ms = 30'000;
};

struct admin_reply {
  int status = 0;
  std::string body;
  std::string kernel;  // the address that answered
};

// Blocks. An error means that no kernel answered: nothing listens, it refused the connection, or it
// did not answer in time.
[[nodiscard]] result<admin_reply> ask_kernel(const admin_target& target, const std::string& method,
                                             const std::string& path, const std::string& body = {});

// A piece of a path or query with everything but letters, digits and -._~ escaped.
[[nodiscard]] std::string escape(std::string_view text);

}  // namespace spawn::ctl
