// One life of one kernel: real stations on simulated lanes, store and hosts.
#pragma once
#include <memory>
#include <vector>

#include "hostcall/host_link.hpp"
#include "router/registrar.hpp"
#include "sim/sim_lane.hpp"
#include "sim/sim_store.hpp"
#include "sim/sim_workflow.hpp"
#include "state/seal/sealer.hpp"

namespace sim {

class sim_host;
class sim_kernel;

// Where a life's lanes reach the one host of the world.
class sim_link final : public spawn::host_link {
 public:
  sim_link(sim_host& to, sim_kernel& of, std::uint32_t lane) : to_(to), of_(of), lane_(lane) {}
  void send(spawn::host_call& call) override;

 private:
  sim_host& to_;
  sim_kernel& of_;
  std::uint32_t lane_;
};

// A request on its way to an answer. Outlives its kernel: a crash leaves it unanswered.
struct pending_reply : spawn::reply_slot {
  checker* judge = nullptr;
  request_id id = 0;
  spawn::unique_function<void()> then;  // a host that waits for a nested call
};

// Made at start, destroyed by a crash or after a drain; whatever was in memory goes with it. Its
// lanes stay as long as the world, since what is posted to a dead lane must land somewhere.
class sim_kernel {
 public:
  sim_kernel(world& in, sim_store& store, sim_host& host, checker& judge, std::uint64_t life,
             std::vector<std::unique_ptr<sim_lane>>& graveyard);
  ~sim_kernel();
  sim_kernel(const sim_kernel&) = delete;
  sim_kernel& operator=(const sim_kernel&) = delete;

  // Recovers, registers the host unless it is known, binds the names unless they are.
  void start();
  [[nodiscard]] bool is_serving() const noexcept { return serving_; }
  [[nodiscard]] bool start_failed() const noexcept { return start_failed_; }
  [[nodiscard]] std::uint64_t life() const noexcept { return life_; }
  [[nodiscard]] std::uint32_t lanes() const noexcept {
    return static_cast<std::uint32_t>(lanes_.size());
  }
  // A client's request: `message` carries what `asked` says, and the checker hears of its answer.
  void ask(const request& asked, spawn::invocation_ptr message);
  // A request at the ingress of a lane.
  void ingress(std::uint32_t lane, spawn::invocation_ptr message);
  [[nodiscard]] spawn::lane& lane(std::uint32_t i) noexcept { return *lanes_[i]; }
  [[nodiscard]] spawn::byte_budget& budget() noexcept { return budget_; }

  void drain();
  [[nodiscard]] bool is_draining() const noexcept { return draining_; }
  [[nodiscard]] bool is_drained() const noexcept { return drained_ == lanes(); }
  // Bounds and bookkeeping that hold at any time, and what must be gone after a drain.
  void check_bounds();
  void check_empty();
  // Which cells are left, for people.
  [[nodiscard]] std::string left() const;

 private:
  struct per_lane;
  void registered();
  void ask_spawn();

  world& world_;
  checker& judge_;
  const std::uint64_t life_;
  std::vector<std::unique_ptr<sim_lane>>& graveyard_;
  std::vector<std::unique_ptr<sim_lane>> lanes_;
  std::unique_ptr<spawn::lane_set> set_;
  spawn::byte_budget budget_{1'000'000'000};
  sim_workflow workflow_;
  spawn::policies policies_;
  std::unique_ptr<spawn::statestore_port> port_;
  std::unique_ptr<spawn::sealer> sealer_;
  std::vector<std::unique_ptr<per_lane>> each_;
  std::vector<spawn::lane_router*> routers_;
  std::unique_ptr<spawn::registrar> registrar_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool serving_ = false;
  bool start_failed_ = false;
  bool draining_ = false;
  std::uint32_t drained_ = 0;
};

}  // namespace sim
