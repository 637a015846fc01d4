// Entry: one instance is one queue to fetch from, and a broker to publish to.
#include "egress.hpp"
#include "intake.hpp"
#include "spawn/plugin/cpp/activator.hpp"
#include "spawn/plugin/cpp/sink.hpp"
#include "spawn_manifest.h"

namespace rabbitmq {

namespace {

using spawn::plugin::pending;

// Lane 0 of the activator; borrows the intake, which the instance owns. [lane]
class intake_lane : public spawn::plugin::inbox_lane {
 public:
  explicit intake_lane(intake& to) : inbox_lane(to.inbox()), to_(to) { to_.lane_is_open(true); }
  intake_lane(const intake_lane&) = delete;
  intake_lane& operator=(const intake_lane&) = delete;
  ~intake_lane() { to_.lane_is_open(false); }

 private:
  intake& to_;
};

// The two sessions share settings and health, which outlive them.
class instance {
 public:
  using lane = intake_lane;
  using sink_lane = spawn::plugin::inbox_sink_lane;

  explicit instance(const spawn::plugin::create_args& args)
      : how_(parse(args)),
        board_(args.host),
        intake_(args.host, how_, board_),
        egress_(args.host, how_, board_) {}
  instance(const instance&) = delete;
  instance& operator=(const instance&) = delete;
  ~instance() { end(); }

  // --- spawn.activator/1 ---
  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_AC_CAP_RETRY_DELAY | (how_.dead_letters ? SPAWN_AC_CAP_DEAD_LETTER : 0u) |
           (how_.declare.made && how_.declare.quorum ? SPAWN_AC_CAP_ATTEMPTS : 0u);
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t) {
    return std::make_unique<lane>(intake_);
  }

  // --- spawn.sink/1 ---
  [[nodiscard]] static std::uint64_t sink_capabilities() noexcept { return SPAWN_SINK_CAP_HEADERS; }
  [[nodiscard]] std::unique_ptr<sink_lane> open_sink_lane(std::uint32_t) {
    egress_.want();
    return std::make_unique<sink_lane>(egress_.inbox());
  }

  // --- life, all [control] ---
  void start(pending<spawn_op> op) {
    intake_.hold_back(false);
    if (!how_.queue.empty() && !intake_.runs()) {
      board_.set(health_board::intake, "connecting to RabbitMQ at " + how_.where());
      intake_.start("sp.rabbit-in");
    }
    if (!egress_.runs()) {
      egress_.start("sp.rabbit-out");
    }
    op.end(SPAWN_OK);
  }
  void quiesce(pending<spawn_op> op) {
    intake_.hold_back(true);
    op.end(SPAWN_OK);
  }
  void drain(pending<spawn_op> op) {
    const auto wish = std::make_shared<drain_wish>(std::move(op));
    intake_.drain(wish);
    egress_.drain(wish);
  }
  void stop(pending<spawn_op> op) {
    end();
    op.end(SPAWN_OK);
  }

 private:
  void end() noexcept {
    intake_.stop();
    egress_.stop();
    intake_.join();
    egress_.join();
  }

  const settings how_;
  health_board board_;
  intake intake_;
  egress egress_;
};

}  // namespace

}  // namespace rabbitmq

SPAWN_PLUGIN(rabbitmq::instance, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::activator_glue<rabbitmq::instance>,
             spawn::plugin::sink_glue<rabbitmq::instance>)
