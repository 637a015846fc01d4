// Many callers at once, each asking again as soon as it was answered, or after a while when it was
// refused.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "torture/stream.hpp"

namespace torture {

struct crowd_facts {
  std::uint64_t good = 0;
  std::uint64_t refused = 0;
  double seconds = 0;
  std::string complaint;  // the first answer that is neither, or a refusal of a wrong form
  [[nodiscard]] double per_second() const { return static_cast<double>(good) / seconds; }
};

// Life cycle: one phase. Thread: one.
class crowd {
 public:
  // patience_ms: how long a refused caller waits; 0: what Retry-After says.
  crowd(std::uint16_t port, std::uint32_t callers, std::uint32_t actors, std::size_t bytes,
        std::uint32_t patience_ms);
  ~crowd();
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  // Counts what is answered after `warmup_s`, for `seconds`.
  crowd_facts run(double warmup_s, double seconds);

 private:
  using clock = std::chrono::steady_clock;
  struct caller {
    int fd = -1;
    std::string request;
    std::size_t sent = 0;
    bool waiting = false;
    clock::time_point rest_until;
    stream in;
  };
  void ask(caller& c);
  void send(caller& c);
  void receive(caller& c, clock::time_point now, bool counts);
  void refused(caller& c, const http_message& got, clock::time_point now);
  void complain(const std::string& text);

  const std::uint32_t patience_ms_;
  int epoll_;
  std::vector<caller> callers_;
  crowd_facts facts_;
};

}  // namespace torture
