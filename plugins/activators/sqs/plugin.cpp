// The sqs activator as a plugin: instance, lanes, entry.
#include <memory>
#include <string>
#include <utility>

#include "session-common/inbox.hpp"
#include "session.hpp"
#include "settings.hpp"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  using lane = plugin::inbox_lane;
  using sink_lane = plugin::inbox_sink_lane;

  explicit instance(const plugin::create_args& args) : instance(args, sqs::parse(args)) {}

  void start(plugin::pending<spawn_op> op) {
    session_.start();
    op.end(SPAWN_OK);
  }
  void quiesce(plugin::pending<spawn_op> op) { session_.quiesce(std::move(op)); }
  void drain(plugin::pending<spawn_op> op) { session_.drain(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) {
    session_.stop();
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept { return capabilities_; }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(inbox_);
  }
  [[nodiscard]] std::uint64_t sink_capabilities() const noexcept { return SPAWN_SINK_CAP_HEADERS; }
  [[nodiscard]] std::unique_ptr<sink_lane> open_sink_lane(std::uint32_t) {
    return std::make_unique<sink_lane>(inbox_);
  }

 private:
  instance(const plugin::create_args& args, sqs::settings config)
      : capabilities_(SPAWN_AC_CAP_RETRY_DELAY | SPAWN_AC_CAP_EXTEND | SPAWN_AC_CAP_ATTEMPTS),
        session_(args.host, std::string(args.name), with_capabilities(std::move(config)), inbox_) {}

  sqs::settings with_capabilities(sqs::settings config) {
    if (config.dead != sqs::dead_letters::drop || !config.dead_letter_queue.empty()) {
      capabilities_ |= SPAWN_AC_CAP_DEAD_LETTER;
    }
    return config;
  }

  plugin::session_inbox inbox_;
  std::uint64_t capabilities_;
  sqs::session session_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::activator_glue<instance>,
             spawn::plugin::sink_glue<instance>)
