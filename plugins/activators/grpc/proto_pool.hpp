// The descriptors of the contracts, in a pool of this instance's own: nothing is registered with
// the process, so any number of instances and plugins can know files of the same names.
#pragma once
#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/type_resolver.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "settings.hpp"

namespace grpc_source {

// Made in create, read by every thread after that. Lives longer than all that points into it.
class proto_pool {
 public:
  // What is configured. Throws refused: names the file and line that is wrong, or the key.
  // [control]
  explicit proto_pool(const settings& from);
  // What the plugin brings along: health, reflection, the actor of health. Apart from the above, so
  // that a contract which has them elsewhere does not define them twice.
  proto_pool();
  proto_pool(const proto_pool&) = delete;
  proto_pool& operator=(const proto_pool&) = delete;
  ~proto_pool();

  // By name of file and place in it.
  [[nodiscard]] const std::vector<const google::protobuf::ServiceDescriptor*>& services() const {
    return services_;
  }
  [[nodiscard]] const google::protobuf::DescriptorPool& pool() const;
  // For JSON. Type urls are "type.googleapis.com/<full name>". [any]
  [[nodiscard]] google::protobuf::util::TypeResolver& types() const { return *types_; }

 private:
  struct parts;
  void load(const std::set<std::string>& files);

  std::unique_ptr<parts> parts_;
  std::unique_ptr<google::protobuf::util::TypeResolver> types_;
  std::vector<const google::protobuf::ServiceDescriptor*> services_;
};

}  // namespace grpc_source
