// One thread of the generator: its share of the connections, each a closed loop of one request.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "answer.hpp"
#include "histogram.hpp"
#include "requests.hpp"

namespace spawn::bench {

using time_point = std::chrono::steady_clock::time_point;

struct load_plan {
  target to;
  const std::vector<std::string>* requests = nullptr;  // borrowed
  // So many requests, one after the other, are one call: one count, one latency.
  unsigned requests_per_call = 1;
  // All connections together make so many calls and end; 0: until measure_until.
  std::uint64_t calls_max = 0;
  // Call n is due n of these after measure_from; its latency counts from then, so that what waits
  // for a slow answer is not overlooked. Zero: each follows the answer before.
  std::chrono::nanoseconds interval{0};
  expectation wanted = expectation::status_ok;
  time_point measure_from;
  time_point measure_until;
};

struct load_counts {
  histogram latency;  // of good answers
  std::uint64_t errors = 0;
  std::uint64_t refused = 0;  // answers 503, part of errors
  std::string first_error;

  void merge(const load_counts& other);
};

// A blocking connection to the target; throws std::runtime_error naming it.
[[nodiscard]] int connect_to(const target& to);

// Sends one request and returns the body of a good answer; throws std::runtime_error otherwise.
void ask_once(const target& to, const std::string& request, expectation wanted);

// Runs `connections` loops until plan.measure_until. Connection k of all `stride` ones makes
// calls k, k + stride, ... in turn, so that no two ask for the same actor at once while there
// are more actors than connections.
// Only answers that were asked for and came inside the measured time count.
[[nodiscard]] load_counts run_load(const load_plan& plan, unsigned first, unsigned connections,
                                   unsigned stride);

}  // namespace spawn::bench
