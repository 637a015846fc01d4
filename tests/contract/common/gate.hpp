// gate: a loopback port that passes everything on to a server, until it is shut. For tests that
// take a server away from its client and give it back, without a restart of the server.
#pragma once
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace contract {

// Life: passes bytes on from the constructor to the destructor. While it is shut it keeps its port:
// connections are ended with a reset, and new ones too. Thread: one of its own; methods are [any].
class gate {
 public:
  // To 127.0.0.1:port. own_port 0: any that is free. Throws failed when it can not listen.
  explicit gate(std::uint16_t server_port, std::uint16_t own_port = 0);
  gate(const gate&) = delete;
  gate& operator=(const gate&) = delete;
  ~gate();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  // Returns when every connection has been ended.
  void shut();
  void open() { shut_.store(false); }
  // Nothing goes through any more when this returns, and nobody is told, until flow().
  void stall();
  void flow() { stalled_.store(false); }

 private:
  struct pair {
    int client = -1, server = -1;
  };
  void run();
  void wait_rounds();
  void accept_one();
  static bool pass_on(int from, int to);
  static void reset(const pair& one);

  const std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> shut_{false}, stalled_{false}, over_{false};
  std::atomic<std::uint64_t> rounds_{0};  // of the thread, for shut() to wait for
  std::vector<pair> pairs_;               // the thread's
  std::thread thread_;
};

}  // namespace contract
