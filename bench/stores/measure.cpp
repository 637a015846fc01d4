#include "measure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace spawn::bench {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t rounds = 9;

// What a contender did in one round.
struct tally {
  std::vector<double> us;  // of each group
  double seconds = 0;
  std::uint64_t sum = 0;
};

double quantile(std::vector<double> v, double q) {
  std::sort(v.begin(), v.end());
  return v[static_cast<std::size_t>(q * static_cast<double>(v.size() - 1))];
}

void one_group(store_path& lane, sequence& draws, work what, std::size_t rows, tally& to) {
  const group saved = what == work::save ? draws.next(rows) : group();
  const auto loaded = what == work::load ? draws.keys(rows) : std::vector<std::uint32_t>();
  const auto began = clock::now();
  if (what == work::save) {
    lane.save(saved);
  } else {
    to.sum += lane.load(loaded);
  }
  to.us.push_back(std::chrono::duration<double, std::micro>(clock::now() - began).count());
  to.seconds += to.us.back() / 1e6;  // without the drawing of keys
}

// Group by group, so that a busy disk or neighbour meets all of them.
void in_turns(std::vector<contender>& all, work what, std::size_t rows, std::size_t groups,
              std::vector<tally>& out) {
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t turn = 0; turn < all.size(); ++turn) {
      const std::size_t i = (turn + g) % all.size();
      one_group(*all[i].lanes[0], all[i].draws[0], what, rows, out[i]);
    }
  }
}

// All lanes of a contender at once, each by a thread of its own.
void side_by_side(contender& c, work what, std::size_t rows, std::size_t groups, tally& out) {
  std::vector<tally> of_lanes(c.lanes.size());
  const auto began = clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < c.lanes.size(); ++i) {
    threads.emplace_back([&, i] {
      for (std::size_t g = 0; g < groups; ++g) {
        one_group(*c.lanes[i], c.draws[i], what, rows, of_lanes[i]);
      }
    });
  }
  for (std::thread& t : threads) {
    t.join();
  }
  out.seconds = std::chrono::duration<double>(clock::now() - began).count();
  for (const tally& each : of_lanes) {
    out.us.insert(out.us.end(), each.us.begin(), each.us.end());
    out.sum += each.sum;
  }
}

}  // namespace

std::vector<figures> measure(std::vector<contender>& all, work what, std::size_t rows,
                             double seconds) {
  std::vector<std::vector<double>> rates(all.size()), us(all.size());
  std::size_t groups = 4;
  // Round 0 warms up and tells how many groups fill a round; it is not counted.
  for (std::size_t round = 0; round <= rounds; ++round) {
    std::vector<tally> did(all.size());
    if (all[0].lanes.size() == 1) {
      in_turns(all, what, rows, groups, did);
    } else {
      for (std::size_t turn = 0; turn < all.size(); ++turn) {
        const std::size_t i = (turn + round) % all.size();
        side_by_side(all[i], what, rows, groups, did[i]);
      }
    }
    double slowest = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      slowest = std::max(slowest, quantile(did[i].us, 0.5) / 1e6);
      if (did[i].sum != did[0].sum) {
        give_up("the contenders read different records");
      }
      if (round != 0) {
        const auto saved = static_cast<double>(did[i].us.size() * rows);
        rates[i].push_back(saved / did[i].seconds);
        us[i].insert(us[i].end(), did[i].us.begin(), did[i].us.end());
      }
    }
    if (round == 0) {
      groups = std::max<std::size_t>(4, static_cast<std::size_t>(seconds / rounds / slowest));
    }
  }
  std::vector<figures> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < rounds; ++round) {
      ratios.push_back(rates[i][round] / rates.back()[round]);
    }
    out.push_back({all[i].name, quantile(rates[i], 0.5), quantile(us[i], 0.5),
                   quantile(us[i], 0.99), quantile(ratios, 0.5), quantile(ratios, 0),
                   quantile(ratios, 1)});
  }
  return out;
}

}  // namespace spawn::bench
