#include "encode_registration.hpp"

#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::detail {

namespace {

wire::actors::Kind to_wire(actor_kind kind) {
  switch (kind) {
    case actor_kind::unnamed:
      return wire::actors::UNNAMED;
    case actor_kind::pooled:
      return wire::actors::POOLED;
    case actor_kind::named:
      break;
  }
  return wire::actors::NAMED;
}

void describe(const std::string& system, const actor_definition& from, wire::actors::Actor& to) {
  to.mutable_id()->set_name(from.name);
  to.mutable_id()->set_system(system);
  // Always present, even when empty: other kernels cannot activate an actor without it.
  auto& state = *to.mutable_state();
  state.mutable_tags()->insert(from.initial_tags.begin(), from.initial_tags.end());
  if (const auto initial = from.initial_bytes()) {
    state.mutable_state()->set_type_url(initial->type_url);
    state.mutable_state()->set_value(initial->value);
  }
  auto& settings = *to.mutable_settings();
  settings.set_kind(to_wire(from.kind));
  settings.set_stateful(from.is_stateful);
  if (from.snapshot) {
    settings.mutable_snapshot_strategy()->mutable_timeout()->set_timeout(from.snapshot->count());
  }
  if (from.idle) {
    settings.mutable_deactivation_strategy()->mutable_timeout()->set_timeout(from.idle->count());
  }
  settings.set_min_pool_size(from.pool_min);
  settings.set_max_pool_size(from.pool_max);
  for (const auto& action : from.actions) {
    if (action.period.count() == 0) {
      to.add_actions()->set_name(action.name);
      continue;
    }
    auto& timer = *to.add_timer_actions();
    timer.set_seconds(static_cast<std::int32_t>(action.period.count()));  // milliseconds, in fact
    timer.mutable_action()->set_name(action.name);
  }
  auto& metadata = *to.mutable_metadata();
  for (const auto& [topic, action] : from.channels) {
    auto& channel = *metadata.add_channel_group();
    channel.set_topic(topic);
    channel.set_action(action);
  }
}

}  // namespace

std::string encode_registration(const std::string& system, const service_name& from,
                                const std::vector<std::unique_ptr<actor_definition>>& actors) {
  wire::RegistrationRequest request;
  auto& service = *request.mutable_service_info();
  service.set_service_name(from.name);
  service.set_service_version(from.version);
  service.set_service_runtime("c++20");
  service.set_support_library_name("spawn-cpp-sdk");
  service.set_support_library_version("0.1.0");
  service.set_protocol_major_version(1);
  service.set_protocol_minor_version(1);
  request.mutable_actor_system()->set_name(system);
  auto& registry = *request.mutable_actor_system()->mutable_registry()->mutable_actors();
  for (const auto& actor : actors) {
    describe(system, *actor, registry[actor->name]);
  }
  return request.SerializeAsString();
}

}  // namespace spawn::sdk::detail
