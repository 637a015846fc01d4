// The MySQL statestore as a plugin: config, instance, entry.
#include <algorithm>
#include <memory>
#include <vector>

#include "my_session.hpp"
#include "spawn_manifest.h"
#include "sql-common/worker.hpp"

namespace {

namespace plugin = spawn::plugin;

// One connection with a thread of its own for each lane, or fewer that lanes share: the ops of one
// lane keep their order.
class instance {
 public:
  class lane {
   public:
    explicit lane(sql_store::worker& w) noexcept : worker_(w) {}
    void take(std::span<spawn_op* const> ops) { worker_.take(ops); }

   private:
    sql_store::worker& worker_;
  };

  explicit instance(const plugin::create_args& args)
      : settings_(mysql_store::parse(args)), health_(args.host) {
    const std::uint32_t n = std::clamp(args.lanes, 1u, settings_.pool_size);
    for (std::uint32_t i = 0; i < n; ++i) {
      auto of_this = settings_.engine;
      of_this.sweeps = i == 0;
      workers_.push_back(std::make_unique<sql_store::worker>(
          args.host, "sm." + std::string(args.name.substr(0, 9)) + "." + std::to_string(i), of_this,
          health_, std::make_unique<mysql_store::my_session>(args.host, settings_, i == 0)));
    }
  }

  // Each worker connects by itself; the first says whether it works.
  void start(plugin::pending<spawn_op> op) {
    for (std::size_t i = workers_.size(); i-- > 1;) {
      workers_[i]->start();
    }
    workers_[0]->start(std::move(op));
  }
  void stop(plugin::pending<spawn_op> op) {
    for (const auto& w : workers_) {
      w->stop();
    }
    op.end(SPAWN_OK);
  }

  [[nodiscard]] std::uint64_t capabilities() const noexcept {
    return SPAWN_SS_CAP_DURABLE | SPAWN_SS_CAP_ATOMIC_GROUP | SPAWN_SS_CAP_HISTORY |
           SPAWN_SS_CAP_LIST | SPAWN_SS_CAP_TTL;
  }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return std::make_unique<lane>(*workers_[number % workers_.size()]);
  }

 private:
  const mysql_store::settings settings_;
  sql_store::health_board health_;
  std::vector<std::unique_ptr<sql_store::worker>> workers_;
};

}  // namespace

SPAWN_PLUGIN(instance, SPAWN_PLUGIN_MANIFEST_JSON, spawn::plugin::statestore_glue<instance>)
