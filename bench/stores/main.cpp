// Saves and loads of each statestore through the C ABI, against a loop written by hand over the
// same client library. One JSON line for each figure. Servers are those of
// tests/servers/run_with.py.
#include <fmt/format.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "measure.hpp"
#include "plugin_path.hpp"
#include "raw_path.hpp"

namespace spawn::bench {

namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::size_t fill_rows = 512;
constexpr std::uint32_t lanes_max = 2;

struct options {
  fs::path plugins, folder;
  std::uint32_t keys = 100'000;
  double seconds = 3;
  std::vector<std::size_t> groups{1, 16, 256, 1024};
};

// One store: how the plugin gets a table of that name, and the loop over it, if there is one.
struct subject {
  std::string name;
  std::function<json(const std::string& table)> config;
  std::function<std::unique_ptr<store_path>(const std::string& table, const workload&)> raw;
  std::uint32_t lanes = 1;
};

constexpr const char* plugin_table = "spawn_";
constexpr const char* raw_table = "raw_";

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// Of whichever version is there.
fs::path library_of(const fs::path& plugins, const std::string& store) {
  const fs::path versions = plugins / "statestore" / store;
  for (const auto& version : fs::directory_iterator(versions)) {
    if (const fs::path file = version.path() / "plugin.so"; fs::exists(file)) {
      return file;
    }
  }
  give_up("no plugin in " + versions.string());
}

class store_bench {
 public:
  store_bench(const options& o, const subject& s, const workload& what)
      : options_(o), subject_(s), what_(what), store_(instance(plugin_table, s.lanes)) {
    fill(store_);
    if (s.raw) {
      plugin_store maker = instance(raw_table, 1);
      fill(maker);
    }
  }

  void run() {
    std::vector<std::uint64_t> revisions(what_.size(), 1);
    {
      std::vector<contender> all = with_lanes(1, revisions);
      warm_up(all, revisions);
      for (const std::size_t rows : options_.groups) {
        print("save", rows, 1, measure(all, work::save, rows, options_.seconds));
        if (rows == options_.groups.front()) {
          verify(all[0].draws[0].revisions());
        }
      }
      for (const std::size_t rows : {64, 256}) {
        print("load", rows, 1, measure(all, work::load, rows, options_.seconds));
      }
      revisions = all[0].draws[0].revisions();
    }
    if (subject_.lanes > 1) {
      std::vector<contender> all = with_lanes(subject_.lanes, revisions);
      print("save", 256, subject_.lanes, measure(all, work::save, 256, options_.seconds));
      revisions.clear();
      for (const sequence& of_lane : all[0].draws) {
        revisions.insert(revisions.end(), of_lane.revisions().begin(), of_lane.revisions().end());
      }
    }
    verify(revisions);
  }

 private:
  [[nodiscard]] plugin_store instance(const char* table, std::uint32_t lanes) const {
    return {library_of(options_.plugins, subject_.name), subject_.config(table).dump(), lanes};
  }

  void fill(plugin_store& store) const {
    const auto lane = store.open_lane(0, what_);
    for (std::uint32_t first = 0; first < what_.size(); first += fill_rows) {
      group rows;
      for (std::uint32_t i = first; i < what_.size() && i < first + fill_rows; ++i) {
        rows.push_back({i, 0});
      }
      lane->save(rows);
    }
  }

  // The raw loop is the last: the others are measured against it.
  [[nodiscard]] std::vector<contender> with_lanes(std::uint32_t n,
                                                  const std::vector<std::uint64_t>& revisions) {
    std::vector<contender> all(subject_.raw ? 2 : 1);
    const auto share = static_cast<std::uint32_t>(revisions.size()) / n;
    for (contender& c : all) {
      const bool raw = &c != &all[0];
      c.name = raw ? "raw" : "plugin";
      for (std::uint32_t i = 0; i < n; ++i) {
        c.lanes.push_back(raw ? subject_.raw(raw_table, what_) : store_.open_lane(i, what_));
        c.draws.emplace_back(i * share, std::vector(revisions.begin() + i * share,
                                                    revisions.begin() + (i + 1) * share));
      }
    }
    return all;
  }

  // Every record once through each path: files that grow, as a new log does, are slower to sync
  // than those that are written over.
  void warm_up(std::vector<contender>& all, std::vector<std::uint64_t>& revisions) const {
    for (contender& c : all) {
      for (std::uint32_t first = 0; first < what_.size(); first += fill_rows) {
        group rows;
        for (std::uint32_t i = first; i < what_.size() && i < first + fill_rows; ++i) {
          rows.push_back({i, revisions[i]});
        }
        c.lanes[0]->save(rows);
      }
    }
    for (std::uint64_t& revision : revisions) {
      ++revision;
    }
    for (contender& c : all) {
      c.draws[0] = sequence(0, revisions);
    }
  }

  // Neither side skipped work: both tables have what was saved, and the same of it.
  void verify(const std::vector<std::uint64_t>& revisions) {
    const std::uint64_t left = store_.digest(what_, revisions);
    if (subject_.raw && instance(raw_table, 1).digest(what_, revisions) != left) {
      give_up(subject_.name + ": the plugin and the raw loop left different records");
    }
  }

  void print(std::string_view what, std::size_t rows, std::size_t lanes,
             const std::vector<figures>& of) const {
    for (const figures& f : of) {
      fmt::print(
          "{{\"store\":\"{}\",\"work\":\"{}\",\"group\":{},\"lanes\":{},\"path\":\"{}\","
          "\"rows_s\":{:.0f},\"p50_us\":{:.0f},\"p99_us\":{:.0f},\"ratio\":{:.3f},"
          "\"ratio_low\":{:.3f},\"ratio_high\":{:.3f}}}\n",
          subject_.name, what, rows, lanes, f.name, f.rows_s, f.p50_us, f.p99_us, f.ratio,
          f.ratio_low, f.ratio_high);
    }
    std::fflush(stdout);
  }

  const options& options_;
  const subject& subject_;
  const workload& what_;
  plugin_store store_;
};

std::vector<subject> subjects(const fs::path& folder) {
  std::vector<subject> out;
  out.push_back({"memory", [](const std::string&) { return json{{"max_bytes", 0}}; }, {}, 1});
  const auto file = [folder](const std::string& table) {
    return (folder / (table + "db")).string();
  };
  out.push_back({"sqlite", [=](const std::string& table) { return json{{"path", file(table)}}; },
                 [=](const std::string& table, const workload& what) {
                   return raw_sqlite(file(table), what);
                 },
                 1});
#ifdef SPAWN_BENCH_POSTGRES
  if (const std::string url = variable("SPAWN_TEST_POSTGRES_URL"); !url.empty()) {
    out.push_back({"postgres",
                   [=](const std::string& table) {
                     return json{{"url", url}, {"schema", {{"table_prefix", table}}}};
                   },
                   [=](const std::string& table, const workload& what) {
                     return raw_postgres(url, table + "record", what);
                   },
                   lanes_max});
  }
#endif
#ifdef SPAWN_BENCH_MYSQL
  if (const std::string host = variable("SPAWN_TEST_MARIADB_HOST"); !host.empty()) {
    const mariadb_account at{
        host, variable("SPAWN_TEST_MARIADB_USER"), variable("SPAWN_TEST_MARIADB_PASSWORD"),
        variable("SPAWN_TEST_MARIADB_DATABASE"),
        static_cast<unsigned>(std::stoul(variable("SPAWN_TEST_MARIADB_PORT")))};
    out.push_back({"mysql",
                   [=](const std::string& table) {
                     return json{{"host", at.host},         {"port", at.port},
                                 {"username", at.user},     {"password", at.password},
                                 {"database", at.database}, {"schema", {{"table_prefix", table}}}};
                   },
                   [=](const std::string& table, const workload& what) {
                     return raw_mysql(at, table + "record", what);
                   },
                   lanes_max});
  }
#endif
  return out;
}

}  // namespace
}  // namespace spawn::bench

int main(int argc, char** argv) {
  using namespace spawn::bench;
  options o;
  o.folder = std::filesystem::temp_directory_path();
  std::string only;
  CLI::App flags{"Saves and loads of each statestore against a loop written by hand"};
  flags.add_option("--plugins", o.plugins, "folder with the plugins")->required();
  flags.add_option("--dir", o.folder, "where SQLite's databases are made")->capture_default_str();
  flags.add_option("--seconds", o.seconds, "for each figure")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  flags.add_option("--keys", o.keys, "records that are there")
      ->check(CLI::Range(10'000u, 10'000'000u))
      ->capture_default_str();
  flags.add_option("--groups", o.groups, "rows of a save")->delimiter(',')->capture_default_str();
  flags.add_option("--store", only, "this one alone");
  CLI11_PARSE(flags, argc, argv);
  std::string made = (o.folder / "spawn-stores-XXXXXX").string();
  if (::mkdtemp(made.data()) == nullptr) {
    give_up("--dir " + o.folder.string() + ": can not make a folder there");
  }
  const workload what(o.keys);
  for (const subject& s : subjects(made)) {
    if (only.empty() || only == s.name) {
      store_bench(o, s, what).run();
    }
  }
  std::filesystem::remove_all(made);
}
