// The gRPC activator as a plugin: config, contracts, instance, lane, entry.
#include <memory>

#include "http_rules.hpp"
#include "intake.hpp"
#include "methods.hpp"
#include "settings.hpp"
#include "spawn_manifest.h"
#include "supervisor.hpp"
#include "tls.hpp"

namespace {

namespace plugin = spawn::plugin;
using namespace grpc_source;

// Everything that is made from the config, in the order in which it depends on each other.
class instance {
 public:
  // The kernel's lane 0; there is no other.
  class lane {
   public:
    explicit lane(instance& owner) : owner_(owner) { owner_.requests_.open(); }
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;
    ~lane() {
      owner_.requests_.close();
      owner_.supervisor_.serving_changed();
    }

    void set_window(std::uint32_t window, bool pause) {
      const bool before = owner_.requests_.serving();
      owner_.requests_.set_window(window, pause);
      if (before == pause) {
        owner_.supervisor_.serving_changed();
      }
    }
    void settle(std::span<const spawn_settle* const> verdicts) {
      owner_.requests_.settle(verdicts);
    }

   private:
    instance& owner_;
  };

  explicit instance(const plugin::create_args& args)
      : config_(checked(args)),
        configured_(config_),
        methods_(configured_, built_in_),
        rules_(methods_),
        requests_(plugin::activator_host(args.host), config_.system),
        context_{args.host, config_, methods_, configured_, built_in_, requests_},
        supervisor_(context_, rules_) {}
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;

  void start(plugin::pending<spawn_op> op) {
    if (context_.host.find<spawn_host_activator>(SPAWN_HOST_ACTIVATOR) == nullptr) {
      return op.end(SPAWN_E_UNSUPPORTED, "the host has no " SPAWN_HOST_ACTIVATOR);
    }
    if (methods_.services().size() <= built_in_services) {
      context_.host.log(plugin::level::warn,
                        "no service has the option spawn.actors.actor: only health is served");
    }
    requests_.admit(true);
    supervisor_.start();
    supervisor_.serving_changed();
    op.end(SPAWN_OK);
  }
  void quiesce(plugin::pending<spawn_op> op) {
    requests_.admit(false);
    supervisor_.serving_changed();
    op.end(SPAWN_OK);
  }
  void drain(plugin::pending<spawn_op> op) {
    const auto deadline_ns = op->deadline_ns;
    requests_.drain(std::move(op));
    supervisor_.drain_until(deadline_ns);
  }
  void stop(plugin::pending<spawn_op> op) {
    supervisor_.stop();
    requests_.give_up_draining();
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept { return SPAWN_AC_CAP_REPLY; }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(*this);
  }

 private:
  static constexpr std::size_t built_in_services = 1;  // the actor of health

  static settings checked(const plugin::create_args& args) {
    settings out = parse(args);
    if (out.tls) {
      (void)tls_of(*out.tls);
    }
    return out;
  }

  const settings config_;
  const proto_pool built_in_;
  const proto_pool configured_;
  const method_table methods_;
  const http_rule_table rules_;
  intake requests_;
  const service_context context_;
  supervisor supervisor_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::activator_glue<instance>)
