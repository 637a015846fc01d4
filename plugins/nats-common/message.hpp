// Messages as the client library hands them out, with their headers.
#pragma once
#include <nats/nats.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nats_common {

struct free_message {
  void operator()(natsMsg* m) const noexcept { natsMsg_Destroy(m); }
};
using message_ptr = std::unique_ptr<natsMsg, free_message>;

using header_list = std::vector<std::pair<std::string, std::string>>;

// Views live as long as the message. One thread at a time. [any]
[[nodiscard]] std::string_view subject_of(const natsMsg* m) noexcept;
[[nodiscard]] std::string_view reply_of(const natsMsg* m) noexcept;
[[nodiscard]] std::string_view payload_of(const natsMsg* m) noexcept;
// The first value of a header; empty when there is none.
[[nodiscard]] std::string_view header_of(natsMsg* m, const char* key) noexcept;
// All headers; a name with several values comes several times. Names are in no order.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> headers_of(natsMsg* m);
// What the server itself says in place of a message (404, 408, 503 ...), else 0. Only to be asked
// of messages that came as an answer.
[[nodiscard]] int server_status_of(natsMsg* m) noexcept;

// NATS carries a header as a line of text.
[[nodiscard]] bool valid_header_name(std::string_view name) noexcept;
[[nodiscard]] bool valid_header_value(std::string_view value) noexcept;

// What is to be published. The payload is borrowed for the call.
struct outgoing {
  std::string subject, reply;
  header_list headers;
  std::string_view payload;
};

}  // namespace nats_common
