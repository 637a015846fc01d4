// The cron activator as a plugin: instance, lanes, entry.
#include <memory>

#include "session.hpp"
#include "settings.hpp"
#include "spawn_manifest.h"

namespace {

namespace sp = spawn::plugin;

class instance {
 public:
  using lane = sp::inbox_lane;

  explicit instance(const sp::create_args& args)
      : session_(sp::activator_host(args.host), args.name, cron_activator::read_settings(args)) {}

  void start(sp::pending<spawn_op> op) {
    session_.start();
    op.end(SPAWN_OK);
  }
  void quiesce(sp::pending<spawn_op> op) {
    session_.quiesce();
    op.end(SPAWN_OK);
  }
  void drain(sp::pending<spawn_op> op) { session_.drain(std::move(op)); }
  void stop(sp::pending<spawn_op> op) {
    session_.stop();
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_AC_CAP_RETRY_DELAY | SPAWN_AC_CAP_ATTEMPTS;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(session_.inbox());
  }

 private:
  cron_activator::session session_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, sp::activator_glue<instance>)
