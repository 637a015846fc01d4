// Reads just enough of an HTTP answer: the generator must cost little beside what it measures.
#pragma once

#include <cstddef>
#include <string_view>

namespace spawn::bench {

// What a good answer holds: a status that is OK (InvocationResponse, SpawnResponse), or an
// updated_context (ActorInvocationResponse, from a host or through the floor), or anything at all
// (other systems, whose HTTP status says it).
enum class expectation { status_ok, updated_context, anything };

struct http_head {
  bool complete = false;  // the head is all there
  bool valid = false;     // "HTTP/1.1 nnn" and a content-length
  int status = 0;
  std::size_t body_at = 0;
  std::size_t body_bytes = 0;
};

[[nodiscard]] http_head read_head(std::string_view bytes);

// Decodes the body to its end; false when it is cut short, malformed, or says another thing.
[[nodiscard]] bool is_good(std::string_view body, expectation wanted);

// The encoded state, an Any, in the ActorInvocationResponse of an actor that has one; empty when
// there is none.
[[nodiscard]] std::string_view updated_state(std::string_view body);

}  // namespace spawn::bench
