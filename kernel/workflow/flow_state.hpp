// What a virtual actor's record keeps of its flow (workflow.h "Flows"): the plugin's scratch, and
// what the kernel needs to bring it what it waits for.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/message_row.hpp"

namespace spawn {

inline constexpr std::string_view flow_type_url = "spawn.flow/1";

// A WAIT call whose outcome has not come.
struct flow_wait {
  std::uint64_t token = 0;
  std::int64_t until_ms =
      0;  // then its outcome is FAILURE with DEADLINE; 0: it is awaited for ever
};

struct flow_timer {
  std::uint64_t token = 0;
  std::int64_t due_ms = 0;
};

// A request that a later step answers: to a caller of this kernel's life, or to another flow.
struct flow_caller {
  std::uint64_t call_id = 0;
  reply_ref place;
  std::shared_ptr<const awaited_by> awaited;
  std::int64_t until_ms = 0;  // how long the caller waits; 0: for ever
};

// A value; one turn of its actor works on one of its own. [lane]
struct flow_state {
  std::uint64_t life = 0;  // names this flow; 0: there is none
  std::uint32_t schema = 0;
  std::string scratch;
  std::uint64_t incarnation = 0;  // of the kernel that ran its last step
  std::uint64_t next_call = 1;
  std::vector<flow_wait> waits;
  std::vector<flow_timer> timers;
  std::vector<flow_caller> callers;
  // When the timer rows are due that are on their way: each earlier than those before it.
  std::vector<std::int64_t> armed;
  std::string unknown;  // fields of a newer kernel

  [[nodiscard]] bool exists() const noexcept { return life != 0; }
  // When it has to be looked at next; 0: only when something comes.
  [[nodiscard]] std::int64_t next_due() const noexcept;
  // Takes the wait of that token off the list. False: nobody waits for it any more.
  [[nodiscard]] bool end_wait(std::uint64_t token);
  void drop(std::uint64_t token);
};

// The bytes of the record's payload (type flow_type_url). [any]
[[nodiscard]] std::string encode_flow(const flow_state& from);
// unsupported: written by a newer kernel. corrupt: anything else that is no flow. [any]
[[nodiscard]] result<flow_state> decode_flow(std::string_view bytes);

}  // namespace spawn
