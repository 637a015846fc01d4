// Commit rows/s: the kernel's save path against a batch written by hand, with the same groups,
// schema, pragmas and payload. The writers take turns, round by round, so that a busy disk or
// neighbour meets all of them. One JSON line for each group size.
#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "writer.hpp"

namespace spawn::bench {

void give_up(std::string_view why) {
  fmt::print(stderr, "bench_journal: {}\n", why);
  std::exit(2);
}

namespace {

constexpr std::size_t keys_count = 4'096;
constexpr std::size_t rows_per_turn = 1'024;  // the largest group
constexpr std::size_t sealed_bytes = 64 + 53;
constexpr std::size_t meta_bytes = 48;

struct contender {
  const char* name;
  std::unique_ptr<group_writer> writer;
  std::vector<double> rows_per_s;
};

rows make_rows() {
  rows made;
  for (std::size_t i = 0; i < keys_count; ++i) {
    made.keys.push_back(fmt::format("a/bench/Counter/c{:010}", i));
  }
  made.payload.assign(sealed_bytes, 'p');
  made.meta.assign(meta_bytes, 'm');
  return made;
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

void measure(const std::filesystem::path& folder, const rows& what, std::size_t group,
             double seconds) {
  std::filesystem::create_directory(folder);
  std::array<contender, 3> all{{{"upsert", make_raw(folder / "u.db", what, raw_kind::upsert), {}},
                                {"cas", make_raw(folder / "c.db", what, raw_kind::cas), {}},
                                {"plugin", make_plugin(folder / "p.db", what), {}}}};
  for (contender& c : all) {
    c.writer->save(0, keys_count, 0);
  }
  using clock = std::chrono::steady_clock;
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  std::size_t turn = 0;
  constexpr std::size_t turns_per_pass = keys_count / rows_per_turn;
  for (; turn < turns_per_pass || clock::now() < end; ++turn) {
    const std::uint64_t revision = 1 + turn / turns_per_pass;
    const std::size_t from = turn % turns_per_pass * rows_per_turn;
    for (std::size_t i = 0; i < all.size(); ++i) {
      contender& c = all[(i + turn) % all.size()];
      const auto began = clock::now();
      for (std::size_t done = 0; done < rows_per_turn; done += group) {
        c.writer->save(from + done, group, revision);
      }
      const std::chrono::duration<double> took = clock::now() - began;
      c.rows_per_s.push_back(rows_per_turn / took.count());
    }
  }
  const double upsert = median(all[0].rows_per_s);
  const double cas = median(all[1].rows_per_s);
  const double through = median(all[2].rows_per_s);
  fmt::print(
      "{{\"group\":{},\"turns\":{},\"upsert_rows_s\":{:.0f},\"cas_rows_s\":{:.0f},"
      "\"plugin_rows_s\":{:.0f},\"ratio\":{:.3f},\"ratio_cas\":{:.3f}}}\n",
      group, turn, upsert, cas, through, through / upsert, through / cas);
  std::fflush(stdout);
}

}  // namespace
}  // namespace spawn::bench

int main(int argc, char** argv) {
  double seconds = 3;
  std::string folder = std::filesystem::temp_directory_path().string();
  CLI::App flags{"Rows/s of the save path against a hand-written SQLite batch"};
  flags.add_option("--seconds", seconds, "for each group size")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  flags.add_option("--dir", folder, "where the databases are made")->capture_default_str();
  CLI11_PARSE(flags, argc, argv);
  std::string made = folder + "/spawn-journal-XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) {
    spawn::bench::give_up("--dir " + folder + ": can not make a folder there");
  }
  const auto what = spawn::bench::make_rows();
  for (const std::size_t group : {16, 64, 256, 1024}) {
    spawn::bench::measure(std::filesystem::path(made) / std::to_string(group), what, group,
                          seconds);
  }
  std::filesystem::remove_all(made);
}
