// Which rpc is which action of which actor.
#pragma once
#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "proto_pool.hpp"
#include "spawn/plugin/cpp/activator.hpp"
#include "status.hpp"

namespace grpc_source {

struct method {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  const proto_pool* known = nullptr;  // where the descriptor is
  std::string path;                   // "/package.Service/Method", as gRPC calls it
  std::string full_name;              // "package.Service/Method"
  std::string actor;                  // the service's simple name in CamelCase
  std::string input_url;              // type url of a request
  actor_kind kind = actor_kind::unknown;
  const google::protobuf::FieldDescriptor* id = nullptr;  // of the request: names the instance
  bool is_health = false;                                 // Readiness or Liveness: answered here

  [[nodiscard]] const std::string& action() const { return descriptor->name(); }
  [[nodiscard]] const std::string& output() const { return descriptor->output_type()->full_name(); }
};

// Says to whom a request goes: fills the target, action and payload of a delivery, or tells why it
// can not be. The bytes stay as they came.
[[nodiscard]] status address(const method& m, std::string bytes, spawn::plugin::delivery& out);

// Made in create, read by every thread after that.
class method_table {
 public:
  // Takes the services with the option (spawn.actors.actor). Throws refused.
  method_table(const proto_pool& configured, const proto_pool& built_in);

  [[nodiscard]] const method* find(const std::string& path) const;
  [[nodiscard]] const std::vector<std::unique_ptr<method>>& all() const { return methods_; }
  // Full names of the services that are served, actors or not.
  [[nodiscard]] const std::vector<std::string>& services() const { return services_; }

 private:
  void add(const google::protobuf::ServiceDescriptor& service, const proto_pool& known);
  std::vector<std::unique_ptr<method>> methods_;
  std::map<std::string, const method*, std::less<>> by_path_;
  std::vector<std::string> services_;
};

}  // namespace grpc_source
