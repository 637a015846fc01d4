// The statestore of a simulated world: the rules of statestore.h, with every fault they allow.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "model/invocation.hpp"
#include "plugin/ports/statestore_port.hpp"
#include "sim/checker.hpp"
#include "sim/world.hpp"

namespace sim {

// Keeps records over kernel crashes; shared by all kernels. Each operation is applied at one time
// and answered at another. Faults: delay, UNAVAILABLE and its kin (never lands), UNKNOWN_OUTCOME
// and its kin (lands at once, later, or never), outages, operators who restore or remove records.
class sim_store {
 public:
  sim_store(world& in, checker& judge) : world_(in), judge_(judge) {}

  // The port of one life of one kernel; what it has submitted may land after it died.
  [[nodiscard]] std::unique_ptr<spawn::statestore_port> port(std::uint64_t life);
  void kernel_died(std::uint64_t life) { dead_.insert(life); }

  void outage(std::uint64_t ms);
  // Puts back the revision before the newest one, as a restored backup does; or removes the record
  // and its tombstone, so that its revisions begin anew. Picks an actor that is in use.
  void operator_event();
  [[nodiscard]] std::size_t unfinished() const noexcept { return unfinished_; }
  [[nodiscard]] std::size_t records() const noexcept { return records_.size(); }
  // Keys and contents of message rows that are in the store now: pending and dead.
  [[nodiscard]] std::vector<std::pair<std::string, spawn::invocation_ptr>> rows() const;
  // Keys of calls that are not at their end.
  [[nodiscard]] std::vector<std::string> running_calls() const;
  // 0: there is no record of it.
  [[nodiscard]] std::uint64_t revision_of(std::uint32_t actor) const;

 private:
  friend class store_port;
  struct version {
    std::uint64_t revision = 0;
    std::uint64_t writer = 0;
    std::int64_t written_ms = 0;
    bool deleted = false;
    bool has_payload = false;
    std::string type_url;
    std::string payload;
    std::string meta;
  };
  struct record {
    version head;
    std::optional<version> before;
    std::map<std::uint64_t, version> past;  // the latest few, by revision
  };
  // A copy of a submitted op, so that it outlives its kernel.
  struct operation {
    std::uint64_t life = 0;
    spawn_op* raw = nullptr;
    std::uint16_t code = 0;
    std::string key;
    std::string to;
    std::string cursor;
    std::uint32_t limit = 0;
    std::uint64_t at_revision = 0;
    std::uint64_t expect_revision = 0;
    std::uint64_t expect_writer = 0;
    version content;
    bool erases = false;
    bool leaves_nothing = false;  // a row: no tombstone
    bool with_payload = true;
    // Filled when applied:
    spawn_status status = SPAWN_OK;
    version found;
    std::vector<std::pair<std::string, version>> rows;
    std::string next_cursor;
  };
  // Operations of one atomic group, or one operation.
  using unit = std::vector<operation>;
  using unit_ptr = std::shared_ptr<unit>;

  void submit(std::uint64_t life, std::span<spawn_op* const> ops);
  [[nodiscard]] static operation copy_of(std::uint64_t life, spawn_op& raw);
  void schedule(const unit_ptr& all);
  void apply(unit& all);
  void apply_load(operation& op);
  [[nodiscard]] bool is_expected(operation& op);
  void apply_write(operation& op);
  void answer_all(unit& all, std::optional<spawn_status> instead);
  void apply_list(operation& op) const;
  void answer_with(operation& op, spawn_status status);
  [[nodiscard]] std::optional<std::uint32_t> actor_of(const std::string& key);
  [[nodiscard]] static std::string content(const version* v);
  [[nodiscard]] static bool is_ordered(const version& v);
  static constexpr std::size_t past_max = 32;

  world& world_;
  checker& judge_;
  std::map<std::string, record> records_;
  std::set<std::uint64_t> dead_;
  // By the life and the key of an operation: hashes, since two that meet cost a delay at most.
  std::unordered_map<std::uint64_t, std::uint64_t> apply_after_ns_;
  std::unordered_map<std::string, std::uint32_t> actors_;
  std::vector<std::string> recent_;
  std::uint64_t outage_until_ns_ = 0;
  std::size_t unfinished_ = 0;
};

}  // namespace sim
