// server_instance: a store on a database server as a plugin's instance; the same for every dialect.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "sql-common/worker_pool.hpp"

namespace sql_store {

// A Dialect is made from the create_args and has
//   const engine_settings& engine() const;
//   std::uint32_t pool_size() const;
//   std::string schema_text() const;
//   // migrating: makes or upgrades the tables whatever the config says. warns: says what is wrong
//   // with the server's settings.
//   std::unique_ptr<session> make(host_ref host, bool migrating, bool warns);
// It outlives its sessions. Life and threads: as the kernel calls an instance, [control].
template <class Dialect>
class server_instance {
 public:
  using lane = worker_pool::lane;

  explicit server_instance(const spawn::plugin::create_args& args)
      : dialect_(args),
        pool_(args, dialect_.pool_size(), dialect_.engine(),
              [this, host = args.host](std::uint32_t number) {
                return dialect_.make(host, false, number == 0);
              }),
        desk_(args, dialect_.engine(), [this, host = args.host](bool migrating) {
          return dialect_.make(host, migrating, false);
        }) {}

  void start(spawn::plugin::pending<spawn_op> op) { pool_.start(std::move(op)); }
  void stop(spawn::plugin::pending<spawn_op> op) {
    pool_.stop();
    op.end(SPAWN_OK);
  }
  [[nodiscard]] std::string schema_text() const { return dialect_.schema_text(); }
  void migrate(spawn::plugin::pending<spawn_ss_admin> op) { desk_.migrate(std::move(op)); }
  void stats(spawn::plugin::pending<spawn_ss_admin> op) { desk_.stats(std::move(op)); }
  [[nodiscard]] std::uint64_t capabilities() const noexcept { return server_capabilities; }
  [[nodiscard]] std::unique_ptr<lane> open_lane(std::uint32_t number) {
    return pool_.open_lane(number);
  }

 private:
  Dialect dialect_;
  worker_pool pool_;
  admin_desk desk_;
};

}  // namespace sql_store
