// worker_pool: the connections of one instance, each with a thread of its own.
#pragma once
#include <algorithm>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sql-common/worker.hpp"

namespace sql_store {

// One connection for each lane, or fewer that lanes share: the ops of one lane keep their order.
// Life: inside the instance. [control], but for the lanes.
class worker_pool {
 public:
  class lane {
   public:
    explicit lane(worker& w) noexcept : worker_(w) {}
    void take(std::span<spawn_op* const> ops) { worker_.take(ops); }  // [lane]

   private:
    worker& worker_;
  };
  using make_session = std::function<std::unique_ptr<session>(std::uint32_t number)>;

  worker_pool(const spawn::plugin::create_args& args, std::uint32_t at_most,
              const engine_settings& settings, const make_session& make)
      : health_(args.host) {
    const std::uint32_t n = std::clamp(args.lanes, 1u, std::max(at_most, 1u));
    for (std::uint32_t i = 0; i < n; ++i) {
      engine_settings of_this = settings;
      of_this.sweeps = i == 0;
      const std::string thread =
          "sp." + std::string(args.name.substr(0, 9)) + "." + std::to_string(i);
      workers_.push_back(std::make_unique<worker>(args.host, thread, of_this, health_, make(i)));
    }
  }

  // Each worker connects by itself; the first says whether it works. After quiesce, which stops
  // nothing here, there is nothing to do.
  void start(spawn::plugin::pending<spawn_op> op) {
    if (std::exchange(started_, true)) {
      op.end(SPAWN_OK);
      return;
    }
    for (std::size_t i = workers_.size(); i-- > 1;) {
      workers_[i]->start();
    }
    workers_[0]->start(std::move(op));
  }
  void stop() noexcept {
    for (const auto& w : workers_) {
      w->stop();
    }
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return std::make_unique<lane>(*workers_[number % workers_.size()]);
  }

 private:
  health_board health_;
  std::vector<std::unique_ptr<worker>> workers_;
  bool started_ = false;
};

// What operators ask of an instance: each time on a connection of its own, closed afterwards.
class admin_desk {
 public:
  // `migrating`: makes or upgrades the tables whatever the config says of making them.
  using make_session = std::function<std::unique_ptr<session>(bool migrating)>;

  admin_desk(const spawn::plugin::create_args& args, const engine_settings& settings,
             make_session make)
      : host_(args.host), limit_ms_(settings.admin_ms), make_(std::move(make)) {}

  void migrate(spawn::plugin::pending<spawn_ss_admin> op) {
    errand_.run(std::move(op), [this] {
      connect(true, limit_ms_)->disconnect();
      return std::string();
    });
  }
  void stats(spawn::plugin::pending<spawn_ss_admin> op) {
    errand_.run(std::move(op), [this] {
      const auto on = connect(false, stats_ms);
      const store_counts counts = on->counts();
      on->disconnect();
      return counts.json();
    });
  }

 private:
  static constexpr std::uint64_t stats_ms = 4'000;  // a stop may have to wait for it

  [[nodiscard]] std::unique_ptr<session> connect(bool migrating, std::uint64_t limit_ms) const {
    auto made = make_(migrating);
    made->set_deadline(host_.now_ns() + limit_ms * 1'000'000);
    made->connect();
    return made;
  }

  spawn::plugin::host_ref host_;
  const std::uint64_t limit_ms_;
  const make_session make_;
  errand errand_;
};

inline constexpr std::uint64_t server_capabilities =
    SPAWN_SS_CAP_DURABLE | SPAWN_SS_CAP_ATOMIC_GROUP | SPAWN_SS_CAP_HISTORY | SPAWN_SS_CAP_LIST |
    SPAWN_SS_CAP_TTL;

}  // namespace sql_store
