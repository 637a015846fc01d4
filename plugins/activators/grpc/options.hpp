// Options that matter here, read by number from the bytes of a descriptor's options: so it does not
// matter in which package, or generation, a contract has their definition.
#pragma once
#include <google/protobuf/descriptor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace grpc_source {

enum class actor_kind : std::uint8_t {
  unknown = 0,
  named = 1,
  unnamed = 2,
  pooled = 3,
  proxy = 4,
  task = 5,
  projection = 6
};

// The kind of `(spawn.actors.actor)`; nothing without the option. Not told: unknown.
[[nodiscard]] std::optional<actor_kind> actor_option(
    const google::protobuf::ServiceDescriptor& service);

// The first field with `(spawn.actors.actor_id) = true`, or nullptr.
[[nodiscard]] const google::protobuf::FieldDescriptor* actor_id_field(
    const google::protobuf::Descriptor& message);

// One way in of `(google.api.http)`.
struct http_rule {
  std::string verb;  // GET, ...; of a custom pattern its kind
  std::string path;
  std::string body;  // "", "*" or a field
  std::string response_body;
};
// The rule and its additional bindings; empty without the option.
[[nodiscard]] std::vector<http_rule> http_rules(const google::protobuf::MethodDescriptor& method);

}  // namespace grpc_source
