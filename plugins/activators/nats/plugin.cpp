// The NATS activator as a plugin: instance, lanes, entry.
#include <memory>

#include "source.hpp"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  using lane = nats_source::replying_lane;
  using sink_lane = plugin::inbox_sink_lane;

  explicit instance(const plugin::create_args& args)
      : settings_(nats_source::parse(args)), source_(args.host, settings_) {}

  void start(plugin::pending<spawn_op> op) { source_.start(std::move(op)); }
  void quiesce(plugin::pending<spawn_op> op) { source_.quiesce(std::move(op)); }
  void drain(plugin::pending<spawn_op> op) { source_.drain(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) { source_.stop(std::move(op)); }

  [[nodiscard]] std::uint64_t capabilities() const noexcept { return source_.capabilities(); }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(source_.orders(),
                                  settings_.jetstream ? nullptr : &source_.replies());
  }
  [[nodiscard]] std::uint64_t sink_capabilities() const noexcept {
    return nats_source::publisher::capabilities(settings_);
  }
  [[nodiscard]] std::unique_ptr<sink_lane> open_sink_lane(std::uint32_t) {
    return std::make_unique<sink_lane>(source_.orders());
  }

 private:
  const nats_source::settings settings_;
  nats_source::source source_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::activator_glue<instance>,
             spawn::plugin::sink_glue<instance>)
