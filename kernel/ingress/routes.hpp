// From a request to an answer: every route of protocol.md section 1 and D9.
#pragma once
#include <memory>

#include "ingress/gateway.hpp"

namespace spawn {

// Where the answer of one request goes. Owned by the session; exactly one answer() each. [lane]
class responder {
 public:
  virtual ~responder() = default;
  virtual void respond(http_response response) = 0;
  // Remembers how long the asker waits, so that the session can give up after it.
  virtual void expect_until(std::uint64_t deadline_ns) = 0;
  // Answers with server-sent events: what is sent to the channel, from now until the client leaves.
  virtual void stream(std::string_view system, std::string_view channel) = 0;
  // The slot through which the kernel answers this request; `convert` makes the HTTP response of
  // its outcome.
  virtual reply_slot& slot(std::function<http_response(outcome&)> convert) = 0;
};

// Handles a complete request; the answer comes now or later. [lane]
void handle(gateway& g, http_request&& request, responder& to);

// The answer to a request that never got as far as a route: decodable by whoever sent it.
[[nodiscard]] http_response refuse(std::string_view path, int status, failure why,
                                   std::string text);

}  // namespace spawn
