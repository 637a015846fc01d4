#include "runner.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

#include "child.hpp"

namespace spawn::check {
namespace {

// The tests of [from, to) on so many threads as jobs were asked for.
void run_side_by_side(const options& given, std::vector<finding>& all, std::size_t from,
                      std::size_t to) {
  std::atomic<std::size_t> next{from};
  const auto work = [&] {
    for (std::size_t i = next.fetch_add(1); i < to; i = next.fetch_add(1)) {
      all[i].result = run_in_child(given, all[i].of->id, given.seed);
    }
  };
  std::vector<std::jthread> workers;
  for (unsigned i = 1; i < std::min<std::size_t>(given.jobs, to - from); ++i) {
    workers.emplace_back(work);
  }
  work();
}

}  // namespace

std::vector<finding> run_all(const options& given, const test_list& tests,
                             const std::function<void(const finding&)>& told) {
  std::vector<finding> all;
  for (const test& one : tests) {
    all.push_back({&one, {}});
  }
  std::string closed;  // the gate that failed
  for (std::size_t from = 0; from < all.size();) {
    const bool gate = all[from].of->gate;
    std::size_t to = from + 1;
    while (!gate && to < all.size() && !all[to].of->gate) {
      ++to;
    }
    if (closed.empty() || given.keep_going) {
      run_side_by_side(given, all, from, to);
    }
    for (std::size_t i = from; i < to; ++i) {
      if (!closed.empty() && !given.keep_going) {
        all[i].result = {verdict::not_run, "after the failure of " + closed, "", {}};
      }
      told(all[i]);
    }
    if (gate && closed.empty() && is_bad(all[from].result.what)) {
      closed = all[from].of->id;
    }
    from = to;
  }
  return all;
}

fuzzed fuzz(const options& given, const test_list& tests) {
  fuzzed out;
  out.seed = given.seed;
  const auto end = std::chrono::steady_clock::now() + given.fuzz;
  while (std::chrono::steady_clock::now() < end) {
    out.seed = given.seed + out.rounds;
    for (const test& one : tests) {
      out.result = run_in_child(given, one.id, out.seed);
      if (is_bad(out.result.what)) {
        out.id = one.id;
        return out;
      }
    }
    ++out.rounds;
  }
  return out;
}

}  // namespace spawn::check
