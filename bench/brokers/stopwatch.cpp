#include <ctime>

#include "broker.hpp"

namespace spawn::bench {

namespace {

double seconds_of(clockid_t which) {
  timespec now{};
  ::clock_gettime(which, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

stopwatch::moment stopwatch::now() {
  return {seconds_of(CLOCK_MONOTONIC), seconds_of(CLOCK_PROCESS_CPUTIME_ID)};
}

void stopwatch::first() {
  if (!running_) {
    running_ = true;
    begin_ = now();
  }
}

void stopwatch::last() {
  end_ = now();
}

}  // namespace spawn::bench
