#include "described_actors.hpp"

#include "spawn/plugin/cpp/bytes.hpp"
#include "wire/common.hpp"
#include "wire/registration.hpp"

namespace spawn::check {

using contract::require;

namespace {
constexpr const char* own_system = "spawn-system";
}

std::vector<std::string> actor_type::actions() const {
  std::vector<std::string> out = shape->actions;
  for (const timer_binding& timer : shape->timers) {
    out.push_back(timer.action);
  }
  return out;
}

const actor_type* described_actors::first_of_actions() const {
  for (const actor_type& each : types) {
    if (!each.is_live) {
      return &each;
    }
  }
  return nullptr;
}

std::string description(const instance& on) {
  spawn_buf said{};
  const spawn_status got = on.interface<spawn_actors>(SPAWN_ACTORS)->describe(on.raw(), &said);
  std::string out(plugin::text(said));
  plugin::release(said);
  require(got == SPAWN_OK, "describe answered " + described_status(got));
  return out;
}

described_actors describe_actors(const instance& on) {
  described_actors out;
  out.table = on.interface<spawn_actors>(SPAWN_ACTORS);
  out.live = on.interface<spawn_live_actors>(SPAWN_LIVE_ACTORS);
  out.encoded = description(on);
  const auto read = wire::read_registration(out.encoded, own_system);
  require(read.has_value(), "describe: " + (read ? std::string() : read.error().text));
  out.system = read->system;
  for (const wire::actor_entry& each : read->actors) {
    auto shape = wire::read_definition(each.encoded, out.system, each.name);
    require(shape.has_value(), "describe: actor " + std::string(each.name) + ": " +
                                   (shape ? std::string() : shape.error().text));
    const auto at = static_cast<std::uint32_t>(out.types.size());
    const bool is_live = out.live != nullptr && out.live->is_live(on.raw(), at) != 0;
    out.types.push_back({std::string(each.name), std::move(*shape), is_live});
  }
  return out;
}

std::string encoded_call(const actor_type& type, std::string_view name, std::string_view action,
                         const std::string* any) {
  const bool is_instance = type.shape->kind == actor_kind::unnamed;
  std::string out;
  wire::put_actor_id(out, 1,
                     {type.shape->system, is_instance ? std::string_view(type.name) : "",
                      is_instance ? name : std::string_view(type.name)});
  wire::put_bytes(out, 2, action);
  if (any != nullptr) {
    wire::put_bytes(out, 4, *any);
  }
  return out;
}

}  // namespace spawn::check
