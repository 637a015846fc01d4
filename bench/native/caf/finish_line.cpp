#include "finish_line.hpp"

#include <cstdio>
#include <cstdlib>

namespace spawn::bench_caf {

namespace {
constexpr std::chrono::minutes wait_max{10};
}  // namespace

void finish_line::start() {
  began_ = clock::now();
}

void finish_line::cross() {
  crossed_.set_value(clock::now());
}

double finish_line::wait() {
  auto crossed = crossed_.get_future();
  if (crossed.wait_for(wait_max) != std::future_status::ready) {
    std::fputs("caf_native_bench: the actors did not finish in ten minutes\n", stderr);
    std::_Exit(1);
  }
  return std::chrono::duration<double>(crossed.get() - began_).count();
}

}  // namespace spawn::bench_caf
