#pragma once

#include <chrono>
#include <future>

namespace spawn::bench_caf {

/// The clock of a run: the main thread starts it and waits, the last actor at work stops it.
class finish_line {
 public:
  void start();
  /// Called once, by the actor that handled the last message. Any thread.
  void cross();
  /// Seconds between the two. Ends the process with a message when nobody crosses in ten minutes.
  [[nodiscard]] double wait();

 private:
  using clock = std::chrono::steady_clock;
  clock::time_point began_;
  std::promise<clock::time_point> crossed_;
};

}  // namespace spawn::bench_caf
