// The actor hosts of a simulated world: they append, read, send, fail and dawdle.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "sim/messages.hpp"
#include "sim/sim_kernel.hpp"

namespace sim {

// Every action appends the run's entry to the actor's state, except "peek". Some runs emit effects,
// broadcasts, pipes, or call another actor before they answer. One for all kernels.
class sim_host {
 public:
  sim_host(world& in, checker& judge) : world_(in), judge_(judge) {}
  void kernel_lives(sim_kernel& k) { kernels_[k.life()] = &k; }
  void kernel_died(std::uint64_t life) { kernels_.erase(life); }
  void send(sim_kernel& from, std::uint32_t lane, spawn::host_call& call);
  [[nodiscard]] std::size_t busy() const noexcept { return busy_; }

 private:
  struct running;
  using running_ptr = std::shared_ptr<running>;
  void arrive(const running_ptr& r);
  void act(const running_ptr& r);
  void answer(const running_ptr& r);
  void call_nested(const running_ptr& r, bool wait);
  void end(const running_ptr& r, spawn::host_result result, int status, std::string body);
  [[nodiscard]] bool alive(const running_ptr& r) const;
  [[nodiscard]] std::uint32_t some_actor();
  [[nodiscard]] request child(const running& r, source from, std::uint32_t to) const;

  world& world_;
  checker& judge_;
  std::map<std::uint64_t, sim_kernel*> kernels_;
  std::unordered_map<std::string, std::uint32_t> index_;
  std::size_t busy_ = 0;
};

}  // namespace sim
