// op_run: a started instance with open lanes, and ops in flight. Each op lies in memory of its own
// that ends at a page without rights. Life: the instance's; a test that fails leaves it all behind.
// Thread: the test's; submit() may be called for different lanes at the same time.
#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "sample_ops.hpp"

namespace spawn::check {

// One op with all it points at. Never freed while the plugin may hold it.
struct flight {
  flight(std::uint32_t op_bytes, std::uint32_t room, bool inputs_in_pages)
      : memory(room, "an op is written, or read, past its end"),
        size(op_bytes),
        bytes(inputs_in_pages) {}
  [[nodiscard]] spawn_op* op() const { return memory.as<spawn_op>(); }

  guarded memory;
  std::uint32_t size;
  arena bytes;
  std::vector<unsigned char> at_end;  // the op as it was when complete() was entered
};

struct flight_options {
  bool inputs_in_pages = false;
  bool forbid_after_end = false;         // the op's memory
  bool forbid_inputs_after_end = false;  // and what it points at
  std::uint32_t longer_by = 0;           // a newer kernel's op, with unknown fields behind
};

class op_run {
 public:
  explicit op_run(subject& s, std::uint32_t wanted_lanes = 1);
  op_run(subject& s, std::unique_ptr<check_host> host, std::uint32_t wanted_lanes);
  ~op_run();
  op_run(const op_run&) = delete;
  op_run& operator=(const op_run&) = delete;

  // Makes n valid ops; `change` may spoil each before it is submitted.
  using change = std::function<void(flight&)>;
  std::vector<flight*> make(std::uint32_t n, const flight_options& how = {},
                            const change& change_one = {});
  void submit(const std::vector<flight*>& ops, std::uint32_t lane = 0);
  // Each of them ended; throws contract::failed when one did not in time.
  void wait(const std::vector<flight*>& ops);
  // make, submit, wait.
  std::vector<flight*> run(std::uint32_t n, const flight_options& how = {},
                           const change& change_one = {});
  // The status of an op that ended. With its memory forbidden, as it was then.
  [[nodiscard]] static spawn_op ended(const flight& f);
  void release(const std::vector<flight*>& ops);
  // Lanes closed, then quiesce, drain, stop, destroy.
  void end();
  // All of it stays as it is until the process ends: the plugin may still hold ops.
  void leave_all();

  [[nodiscard]] check_host& host() noexcept { return *host_; }
  [[nodiscard]] instance& on() noexcept { return *instance_; }
  [[nodiscard]] sample_ops& samples() noexcept { return *samples_; }
  [[nodiscard]] lanes& open() noexcept { return *lanes_; }

 private:
  static void at_end(void* self, spawn_op* op);

  subject& subject_;
  std::unique_ptr<check_host> host_;
  std::unique_ptr<instance> instance_;
  std::unique_ptr<sample_ops> samples_;
  std::unique_ptr<lanes> lanes_;
  std::uint64_t numbers_ = 0;
  std::mutex mutex_;
  std::vector<std::pair<std::unique_ptr<flight>, flight_options>> all_;
};

}  // namespace spawn::check
