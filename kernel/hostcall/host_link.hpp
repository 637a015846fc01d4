// How a lane reaches actor hosts. Implemented over HTTP (http_host_link) and by the simulator.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/intrusive_list.hpp"
#include "model/definition.hpp"
#include "model/trace.hpp"

namespace spawn {

struct host_call_tag;
struct call_guard;

enum class host_result : std::uint8_t {
  answered,   // a complete HTTP answer is in `status` and `answer`
  refused,    // no byte of the request reached a host: nothing was executed
  failed,     // the host may have seen the request; there is no usable answer
  timed_out,  // as failed; the deadline passed
};

// Who waits for the action of a call, and so what may be done with it before it is sent.
enum class call_kind : std::uint8_t {
  caller,  // somebody waits for the answer: may be refused, and tried again
  row,     // a stored message: may wait, and is tried again from the store
  init,    // runs once per activation: never refused
};

// A call that this kernel did not send, by which of its own bounds; then the result is `refused`.
enum class held_back : std::uint8_t {
  no,
  connections,  // none to the host was free
  breaker,      // the host's circuit breaker is open
  concurrency,
  rate,
};

// An argument above this is sent from where it lies.
inline constexpr std::size_t copied_argument_max = 16 << 10;

// One request to a host. Owned and pinned by the caller from send() until `done`, which runs on the
// lane, never inside send(), and may destroy it. [lane]
struct host_call : list_hook<host_call_tag> {
  std::shared_ptr<const host_address> to;
  // Together an encoded ActorInvocation, never empty (protocol.md 2.2). The tail is what was not
  // worth a copy: it stays the caller's, and stays as it is until `done`.
  std::string body;
  std::string_view tail;
  trace_context trace;
  std::uint64_t deadline_ns = 0;
  call_guard* guard = nullptr;  // the bounds of its type and action (resiliency/), null: none
  call_kind kind = call_kind::caller;
  std::uint64_t limit_ms = 0;  // what the operator gives the action; 0: no more than the deadline
  void (*done)(host_call&) = nullptr;

  host_result result = host_result::failed;
  held_back held = held_back::no;
  std::uint32_t retry_after_ms = 0;  // held back: when to ask again; 0 is not known
  int status = 0;
  std::string answer;
  std::string why;  // for people, when there is no answer
};

// At most once: a request is sent again only while nothing of it can have been executed. [lane]
class host_link {
 public:
  virtual ~host_link() = default;
  virtual void send(host_call& call) = 0;
};

}  // namespace spawn
