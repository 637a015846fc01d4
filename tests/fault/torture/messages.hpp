// The messages of the torture, written and read by hand: InvocationRequest, ActorInvocation, ...
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "torture/applied.hpp"

namespace torture {

inline constexpr std::string_view system_name = "spawn-system";
inline constexpr std::string_view parent_name = "Torture";
inline constexpr std::string_view action_name = "add";

// Complete HTTP requests. Actors with an even number are NAMED, the others children of
// parent_name: both kinds of durable registration are needed after a kill.
[[nodiscard]] std::string actor_name(std::uint32_t actor);
[[nodiscard]] std::string registration_request(std::uint32_t actors);
[[nodiscard]] std::string spawn_request(std::uint32_t actors);
// timeout_ms 0: none of its own.
[[nodiscard]] std::string add_request(std::uint32_t actor, request_id id, std::uint32_t timeout_ms);
// An update with so many bytes beside; always the same id, so that the state stays small.
[[nodiscard]] std::string bulky_request(std::uint32_t actor, std::size_t bytes);
[[nodiscard]] std::string get_request(std::uint32_t actor);
[[nodiscard]] std::string ready_request();

// What the kernel answered to an invocation, a registration or a spawn.
struct answer {
  bool readable = false;
  bool ok = false;
  std::string code;   // the upper-case word before the colon
  std::string text;   // all of it
  std::string value;  // the value of the payload's Any
};
[[nodiscard]] answer read_answer(std::string_view body);

// What the kernel said to the host.
struct host_call {
  bool readable = false;
  std::string_view actor;
  std::string_view action;
  std::string_view state_any;    // empty: none
  std::string_view state_value;  // the Any's value
  request_id id;
  bool has_id = false;
};
[[nodiscard]] host_call read_host_call(std::string_view body);
// A complete HTTP answer: the new state (as an Any) and how many updates there were.
[[nodiscard]] std::string host_answer(const host_call& call, std::string_view state_any,
                                      std::uint64_t updates);
[[nodiscard]] std::string state_any(const applied& state);

}  // namespace torture
