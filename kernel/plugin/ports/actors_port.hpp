// One instance of native actors, as the stations see it.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "plugin/ports/op.hpp"
#include "spawn/plugin/live_actors.h"

namespace spawn {

using actors_op = pinned<spawn_actors_call>;

class actors_port {
 public:
  virtual ~actors_port() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  // An encoded RegistrationRequest. [any]
  [[nodiscard]] virtual const std::string& registration() const noexcept = 0;
  // Whether the i-th actor of the registration is live, see live_actors.h. [control]
  [[nodiscard]] virtual bool is_live(std::uint32_t type) const noexcept = 0;
  // False: it was stopped, or faulted; what is submitted is refused. [any]
  [[nodiscard]] virtual bool accepts() const noexcept = 0;
  // Calls of actions; each op ends once, at the latest when the plugin wants. [lane]
  virtual void submit(lane& from, std::span<spawn_op* const> ops) = 0;

  // The plugin's lane for live actors, opened by the first call that succeeds; `host` stays valid
  // until close_live. [lane]
  struct live_channel {
    const spawn_live_actors* table = nullptr;
    spawn_live_lane* handle = nullptr;
  };
  [[nodiscard]] virtual result<live_channel> open_live(lane& at, const spawn_live_host& host) = 0;
  // A stretch of calls through that channel: timed and contained. False: one threw, and the
  // instance is faulted. [lane]
  [[nodiscard]] virtual bool call_live(lane& at, const char* what, void (*f)(void*),
                                       void* with) = 0;
  virtual void close_live(lane& at) = 0;
  // Run on that lane when the instance stops, before close_live. [control], before start
  virtual void at_close(std::uint32_t lane, unique_function<void()> f) = 0;
};

// F as the pair that call_live takes.
template <class F>
[[nodiscard]] bool call_live(actors_port& port, lane& at, const char* what, F&& f) {
  return port.call_live(
      at, what, [](void* with) { (*static_cast<std::remove_reference_t<F>*>(with))(); }, &f);
}

}  // namespace spawn
