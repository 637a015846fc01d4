// Calls to actors of systems that no host has registered here (protocol.md 9.2).
#pragma once
#include <string>
#include <string_view>

#include "base/unique_function.hpp"
#include "lane/lane.hpp"
#include "mesh/system_messages.hpp"

namespace spawn {

// What became of a call.
enum class ask_fate : std::uint8_t {
  answered,    // by the other system; or it can never go out, and `how` says why
  unsent,      // surely not executed: nobody is there, or the transport is not
  unanswered,  // it went out, and whether it was executed is not known
};
struct system_answer {
  ask_fate fate = ask_fate::unsent;
  outcome how;
};

// One per lane. What is sent to another system is at most once; whoever wants more repeats ask()
// with the same message id. [lane]
class system_calls {
 public:
  using answered_fn = unique_function<void(system_answer)>;

  // `transport` may be null: no other system is reached.
  system_calls(lane& home, transport_port* transport)
      : lane_(home),
        transport_(transport != nullptr && transport->has_requests() ? transport : nullptr) {}

  // Whether calls can go to other systems at all.
  [[nodiscard]] bool enabled() const noexcept { return transport_ != nullptr; }
  // A message in memory. Answers its caller; one that nobody waits for is published, as an
  // asynchronous one.
  void call(invocation_ptr message);
  // Asks and answers once, later. The message is not kept. `message_id` names it for ever.
  void ask(const invocation& message, std::string_view message_id, std::uint64_t deadline_ns,
           answered_fn answered);

 private:
  [[nodiscard]] headers headers_of(const invocation& message, std::string_view message_id) const;

  lane& lane_;
  transport_port* const transport_;
};

}  // namespace spawn
