// The callers: one keep-alive connection per slot, one request in flight on each, and the hand
// that kills the kernel in the middle of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "torture/kernel_process.hpp"
#include "torture/ledger.hpp"
#include "torture/options.hpp"
#include "torture/stream.hpp"

namespace torture {

struct load_facts {
  std::uint32_t kills = 0;
  std::uint32_t full_disks = 0;
  std::uint32_t fewest_in_flight = 0;  // at a kill
  double seconds = 0;
  std::vector<double> recovery_ms;  // from each kill to the next OK
};

// Life cycle: one run. Thread: one. Borrows the kernel and the ledger.
class load_client {
 public:
  load_client(const options& o, kernel_process& kernel, ledger& book);
  ~load_client();
  load_client(const load_client&) = delete;
  load_client& operator=(const load_client&) = delete;

  // Until there were o.acks acknowledgements and o.kills kills. Throws when the kernel ends by
  // itself or the time is up.
  load_facts run();

 private:
  using time_point = std::chrono::steady_clock::time_point;
  enum class phase : std::uint8_t { resting, connecting, waiting };
  struct caller {
    std::uint32_t actor = 0;
    request_id id;
    phase now = phase::resting;
    int fd = -1;
    std::uint32_t life = 0;  // of the kernel that it is connected to
    time_point rest_until;
    stream in;
  };
  struct event {
    std::uint64_t at_acks = 0;
    bool is_kill = false;
  };

  void plan();
  void step(caller& c, std::uint32_t events);
  void connect(caller& c);
  void ask(caller& c);
  void receive(caller& c);
  void rest(caller& c, int milliseconds);
  void disconnect(caller& c);
  void wake_resting();
  void stir();
  void disk_has_room();
  void kill();
  std::uint64_t below(std::uint64_t n) { return random_() % n; }

  const options& o_;
  kernel_process& kernel_;
  ledger& book_;
  std::mt19937_64 random_;
  int epoll_;
  std::vector<caller> callers_;
  std::vector<event> plan_;  // the next one last
  std::uint32_t in_flight_ = 0;
  std::uint32_t life_ = 0;
  bool recovering_ = false;
  time_point now_;
  time_point killed_at_;
  time_point event_after_;
  time_point disk_full_until_;
  time_point stop_at_;
  bool disk_is_full_ = false;
  bool over_ = false;
  load_facts facts_;
};

}  // namespace torture
