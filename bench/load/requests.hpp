// The requests of a run, as complete HTTP bytes made before it starts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spawn::bench {

struct target {
  std::string host;  // an IP address or a name
  std::uint16_t port = 0;
  std::string authority;  // as in the Host header
};

// "host:port", with or without "http://"; throws std::invalid_argument.
[[nodiscard]] target parse_target(std::string_view url);

// InvocationRequest noop, with a payload, to each of n0 ... n<actors - 1>. Not to one actor: an
// actor takes one message at a time, stateless or not.
[[nodiscard]] std::vector<std::string> noop_requests(const target& to, std::string_view system,
                                                     unsigned actors);
// InvocationRequest of `action`, without payload, to each of <letter>0 ... <letter><actors - 1>.
// `later`: asynchronous, answered once the message is accepted.
[[nodiscard]] std::vector<std::string> action_requests(const target& to, std::string_view system,
                                                       char letter, std::string_view action,
                                                       unsigned actors, bool later = false);
// Two for each of `sagas` sagas: `start` and `await`, to the virtual actors <parent> / <prefix><i>.
// The input is {"n": i modulo actors}.
[[nodiscard]] std::vector<std::string> saga_requests(const target& to, std::string_view system,
                                                     std::string_view parent,
                                                     std::string_view prefix, unsigned sagas,
                                                     unsigned actors);
// SpawnRequests that bind <letter>0 ... <letter><actors - 1> to `parent`, a thousand in each.
[[nodiscard]] std::vector<std::string> spawn_requests(const target& to, std::string_view system,
                                                      std::string_view parent, char letter,
                                                      unsigned actors);
// ActorInvocation of `noop`, as the kernel would send it: straight to a host, or to the floor.
[[nodiscard]] std::string raw_request(const target& to, std::string_view system,
                                      std::string_view path);
// ActorInvocation of an unnamed actor of `parent` with a JSON payload, straight to a host. `state`
// is what updated_state() gave the last time, or empty.
[[nodiscard]] std::string host_request(const target& to, std::string_view system,
                                       std::string_view parent, std::string_view actor,
                                       std::string_view action, std::string_view json,
                                       std::string_view state);
// POST of a JSON body to each of `actors` paths: `pattern` with its "{}" replaced by c0, c1, ...
[[nodiscard]] std::vector<std::string> json_requests(const target& to, std::string_view pattern,
                                                     std::string_view body, unsigned actors);

}  // namespace spawn::bench
