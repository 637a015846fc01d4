// soci_vs_raw [seconds per setting]: 64-row conditional upserts, the three ways in turn, round by
// round, so that a busy disk or neighbour meets all of them. Prints the median rows/s of the rounds
// and the ratio to the hand-written loop.
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "paths.hpp"

namespace bench {

void give_up(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

std::string key_of(int row) {
  return "a/bench/parent/actor-" + std::to_string(100'000 + row);
}

const std::string& payload() {
  static const std::string bytes(payload_bytes, 'x');
  return bytes;
}

namespace {

struct contender {
  const char* name;
  std::unique_ptr<save_path> path;
  std::vector<double> rows_per_s;
};

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

void run(const std::filesystem::path& folder, bool full_sync, double seconds) {
  std::filesystem::create_directory(folder);
  std::array<contender, 3> all{{{"raw loop", raw_path(folder / "raw.db", full_sync), {}},
                                {"SOCI", soci_path(folder / "soci.db", full_sync), {}},
                                {"plugin", plugin_path(folder / "plugin.db", full_sync), {}}}};
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  for (std::uint64_t revision = 0; revision < 4 || clock::now() < end; ++revision) {
    for (std::size_t turn = 0; turn < all.size(); ++turn) {
      contender& c = all[(turn + revision) % all.size()];
      const auto began = clock::now();
      for (int first = 0; first < rows; first += batch_rows) {
        c.path->save(first, revision);
      }
      const std::chrono::duration<double> took = clock::now() - began;
      if (revision > 0) {  // the inserts of the first round are not what is measured
        c.rows_per_s.push_back(rows / took.count());
      }
    }
  }
  std::printf("synchronous = %s, %zu rounds of %d batches of %d rows, payload %zu B\n",
              full_sync ? "FULL" : "NORMAL", all[0].rows_per_s.size(), rows / batch_rows,
              batch_rows, payload_bytes);
  const double base = median(all[0].rows_per_s);
  for (const contender& c : all) {
    const double speed = median(c.rows_per_s);
    std::printf("  %-9s %10.0f rows/s  %5.2f of the raw loop\n", c.name, speed, speed / base);
  }
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 5;
  std::string name = (std::filesystem::temp_directory_path() / "spawn-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    bench::give_up("can not make a temporary folder");
  }
  bench::run(std::filesystem::path(name) / "full", true, seconds);
  bench::run(std::filesystem::path(name) / "normal", false, seconds);
  std::filesystem::remove_all(name);
}
