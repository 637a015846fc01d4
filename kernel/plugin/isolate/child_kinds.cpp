#include "plugin/isolate/child_kinds.hpp"

#include "plugin/ports/make_ports.hpp"
#include "plugin/ports/sink_port.hpp"
#include "plugin/ports/statestore_port.hpp"
#include "plugin/ports/workflow_port.hpp"
#include "spawn/plugin/sink.h"
#include "spawn/plugin/statestore.h"

namespace spawn::isolate {
namespace {

class store_server final : public child_server {
 public:
  explicit store_server(std::unique_ptr<statestore_port> port) : port_(std::move(port)) {}
  void submit(child_lane& from, submit_to, std::span<spawn_op* const> ops) override {
    port_->submit(from.lane(), ops);
  }
  bool take(child_lane&, frame, decoder&) override { return false; }

 private:
  std::unique_ptr<statestore_port> port_;
};

class workflow_server final : public child_server {
 public:
  explicit workflow_server(std::unique_ptr<workflow_port> port) : port_(std::move(port)) {}
  void submit(child_lane& from, submit_to, std::span<spawn_op* const> ops) override {
    port_->submit(from.lane(), ops);
  }
  [[nodiscard]] bool ends_inline() const noexcept override { return true; }
  bool take(child_lane&, frame, decoder&) override { return false; }

 private:
  std::unique_ptr<workflow_port> port_;
};

}  // namespace

result<std::unique_ptr<child_server>> make_store_server(plugin_instance& instance,
                                                        created_answer& about) {
  SPAWN_TRY(auto port, make_statestore_port(instance));
  about.capabilities = port->capabilities();
  about.has_admin = instance.find_interface(SPAWN_STATESTORE_ADMIN) != nullptr;
  return std::make_unique<store_server>(std::move(port));
}

result<std::unique_ptr<child_server>> make_workflow_server(plugin_instance& instance,
                                                           created_answer& about) {
  SPAWN_TRY(auto port, make_workflow_port(instance));
  const auto* table = static_cast<const spawn_workflow*>(instance.find_interface(SPAWN_WORKFLOW));
  about.part_types = port->part_types();
  about.virtual_parents = port->virtual_parents();
  about.describes = SPAWN_KNOWS(table, describe) && table->describe != nullptr;
  if (SPAWN_KNOWS(table, accepts_scratch) && table->accepts_scratch != nullptr) {
    about.accepted_schemas.assign(scratch_schemas_max / 8, '\0');
    for (std::uint32_t schema = 0; schema < scratch_schemas_max; ++schema) {
      if (port->accepts_scratch(schema)) {
        about.accepted_schemas[schema / 8] |= static_cast<char>(1 << (schema % 8));
      }
    }
  }
  return std::make_unique<workflow_server>(std::move(port));
}

result<std::unique_ptr<child_server>> make_server(plugin_instance& instance,
                                                  std::vector<std::unique_ptr<child_lane>>& lanes,
                                                  child_link link, created_answer& about) {
  const std::string& kind = instance.manifest().kind;
  if (kind == "statestore") {
    return make_store_server(instance, about);
  }
  if (kind == "workflow") {
    return make_workflow_server(instance, about);
  }
  if (kind == "activator") {
    return make_activator_server(instance, *lanes.front(), std::move(link), about);
  }
  if (kind == "transport") {
    return make_transport_server(instance, lanes, about);
  }
  return fail(errc::unsupported,
              "plugins of kind " + kind + " can not run in a process of their own");
}

}  // namespace spawn::isolate
