// Google Pub/Sub as an activator and a sink: config, instance, lanes, entry.
#include <cstdlib>
#include <memory>

#include "session.hpp"
#include "settings.hpp"
#include "spawn_manifest.h"

namespace {

namespace plugin = spawn::plugin;

class instance {
 public:
  // The one lane. Closing it is the session's to know: until then it may be in an offer.
  class lane : public plugin::inbox_lane {
   public:
    explicit lane(pubsub::session& of) : inbox_lane(of.inbox()), of_(&of) { of.lane_opened(); }
    lane(const lane&) = delete;
    lane& operator=(const lane&) = delete;
    ~lane() { of_->lane_closed(); }

   private:
    pubsub::session* of_;
  };
  using sink_lane = plugin::inbox_sink_lane;

  explicit instance(const plugin::create_args& args)
      : session_(pubsub::parse(args, std::getenv("PUBSUB_EMULATOR_HOST")),
                 plugin::activator_host(args.host)) {}

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    const pubsub::settings& s = session_.config();
    std::uint64_t out = SPAWN_AC_CAP_RETRY_DELAY | SPAWN_AC_CAP_EXTEND;
    if (s.dead_letters_by_policy) {
      out |= SPAWN_AC_CAP_ATTEMPTS;  // the server counts where there is such a policy
    }
    if (s.dead_letters_by_policy || !s.dead_letter_topic.empty()) {
      out |= SPAWN_AC_CAP_DEAD_LETTER;
    }
    return out;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(session_);
  }

  [[nodiscard]] std::uint64_t sink_capabilities() const noexcept { return SPAWN_SINK_CAP_HEADERS; }
  [[nodiscard]] std::unique_ptr<sink_lane> open_sink_lane(std::uint32_t) {
    return std::make_unique<sink_lane>(session_.inbox());
  }

  void start(plugin::pending<spawn_op> op) {
    session_.start();
    op.end(SPAWN_OK);
  }
  void quiesce(plugin::pending<spawn_op> op) {
    session_.quiesce();
    op.end(SPAWN_OK);
  }
  void drain(plugin::pending<spawn_op> op) { session_.drain(std::move(op)); }
  void stop(plugin::pending<spawn_op> op) {
    session_.stop();
    op.end(SPAWN_OK);
  }

 private:
  pubsub::session session_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::activator_glue<instance>,
             spawn::plugin::sink_glue<instance>)
