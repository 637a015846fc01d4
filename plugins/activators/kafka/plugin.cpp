// The instance: config, life, lanes, entry. All work is the session's.
#include "session.hpp"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  using lane = plugin::inbox_lane;
  using sink_lane = plugin::inbox_sink_lane;

  explicit instance(const plugin::create_args& args)
      : host_(args.host), session_(args.host, kafka_activator::read_settings(args), inbox_) {}

  void start(plugin::pending<spawn_op> op) {
    if (host_.find<spawn_host_activator>(SPAWN_HOST_ACTIVATOR) == nullptr) {
      return op.end(SPAWN_E_UNSUPPORTED, "the host has no " SPAWN_HOST_ACTIVATOR);
    }
    session_.start(std::move(op));
  }
  void quiesce(plugin::pending<spawn_op> op) { session_.quiesce(std::move(op)); }
  void drain(plugin::pending<spawn_op> op) { session_.drain(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) {
    session_.stop();
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_AC_CAP_RETRY_DELAY | SPAWN_AC_CAP_DEAD_LETTER;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(inbox_);
  }
  [[nodiscard]] std::uint64_t sink_capabilities() const noexcept { return SPAWN_SINK_CAP_HEADERS; }
  [[nodiscard]] std::unique_ptr<sink_lane> open_sink_lane(std::uint32_t) {
    return std::make_unique<sink_lane>(inbox_);
  }

 private:
  plugin::host_ref host_;
  plugin::session_inbox inbox_;
  kafka_activator::session session_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::activator_glue<instance>,
             spawn::plugin::sink_glue<instance>)
