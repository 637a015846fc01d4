// The folder, the thread that offers its files, and what the kernel told that thread to do. Replace
// the private half by the client of your broker.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "spawn/plugin/cpp/activator.hpp"

// Life: start() makes the thread, stop() joins it. What the kernel calls only takes notes, under a
// lock that is never held while the disk is touched or the host is called.
class source {
 public:
  source(spawn::plugin::host_ref host, std::string name, std::filesystem::path folder,
         std::uint32_t poll_ms);
  source(const source&) = delete;
  source& operator=(const source&) = delete;
  ~source() { stop(); }

  void start();    // [control]; once more: takes a quiesce back
  void quiesce();  // [control]
  // Ends when nothing is out, at the latest after some time: what is left comes again.
  void drain(spawn::plugin::pending<spawn_op> op);  // [control]
  void stop();                                      // [control]

  void open_lane(bool open);                                   // [lane]
  void set_window(std::uint32_t window);                       // [lane]
  void settle(std::span<const spawn_settle* const> verdicts);  // [lane]

 private:
  struct verdict {
    std::uint64_t token;
    std::uint32_t kind, delay_ms;
  };

  void run();
  void look();
  void carry_out(const verdict& v);
  bool offer(const std::string& name);
  bool may_offer();

  const spawn::plugin::activator_host host_;
  const std::string name_;
  const std::filesystem::path folder_;
  const std::chrono::milliseconds poll_;
  std::thread thread_;

  std::mutex mutex_;  // guards what follows, down to the blank line
  std::condition_variable told_;
  std::vector<verdict> verdicts_;
  std::uint32_t window_ = 0;
  bool quiesced_ = false, stopping_ = false;
  std::optional<spawn::plugin::pending<spawn_op>> draining_;

  std::mutex offering_;  // held during an offer: lane_close waits for it
  bool lane_open_ = false;

  // The thread's own.
  std::map<std::uint64_t, std::string> out_;  // by token: offered and not settled
  std::set<std::string> names_out_;
  std::map<std::string, std::uint64_t> not_before_ns_;  // of retries
  std::uint64_t last_token_ = 0;
  std::optional<bool> serving_;
  int drain_turns_ = 0;
};
