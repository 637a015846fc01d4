// The bytes that the simulated host and its callers say, and the actors they speak of.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model/invocation.hpp"
#include "plugin/ports/workflow_port.hpp"
#include "router/policies.hpp"
#include "sim/checker.hpp"

namespace sim {

inline constexpr std::string_view system_name = "sys";
inline constexpr std::string_view channel_name = "news";

// The actors of a run: their types cover the three durability modes, turns on undurable state and
// not, pools, timers, init actions and subscriptions.
[[nodiscard]] std::vector<actor_facts> make_actors(const plan& of);
// `flows` serves the virtual actors.
[[nodiscard]] spawn::policies make_policies(const plan& of, spawn::workflow_port& flows);
[[nodiscard]] std::string registration_bytes(const plan& of);
[[nodiscard]] std::string spawn_bytes(const std::vector<actor_facts>& actors);

// Whether the actor listens to the channel; its place among those who do.
[[nodiscard]] bool is_listener(const actor_facts& actor);
[[nodiscard]] std::string place_of(const actor_facts& listener);

// An encoded Any around raw bytes.
[[nodiscard]] std::string any_of(std::string_view value);
[[nodiscard]] std::string id_bytes(std::uint64_t id);

struct message_fields {
  std::string_view name;
  std::string_view action;
  std::uint64_t id = 0;
  std::string_view value;  // not empty: in place of the id
  std::string_view register_ref;
  std::string_view idempotency_key;
  const actor_facts* caller = nullptr;
};
[[nodiscard]] spawn::invocation_ptr make_message(const message_fields& from);

// What a simulated host reads of a call.
struct host_view {
  std::string actor;
  std::string action;
  std::vector<entry> state;
  request_id id = 0;  // 0: the kernel's own (init, timer)
};
[[nodiscard]] host_view read_host_call(std::string_view body);

// A workflow part, in words of our own: sim_workflow.hpp reads it.
struct part {
  char kind = 'E';  // E effect, S effect for later, P pipe, B broadcast
  request_id id = 0;
  std::string to;
};
[[nodiscard]] std::string encode_part(const part& from);
[[nodiscard]] part decode_part(std::string_view bytes);

struct host_answer {
  bool has_state = false;
  std::vector<entry> state;
  std::string value;
  std::string tag;  // value of tag "t"; empty: none
  bool checkpoint = false;
  std::vector<part> parts;
};
[[nodiscard]] std::string encode_answer(const host_answer& from);

}  // namespace sim
