// spawn-plugin-check: the rules of the plugin interface, tried on a plugin.so.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>

#include "child.hpp"
#include "config_file.hpp"
#include "glob.hpp"
#include "options.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/manifest.hpp"
#include "report.hpp"
#include "restart.hpp"
#include "runner.hpp"

namespace {

using namespace spawn::check;

// What the file says it is, read without running it. A file that says nothing has the tests of no
// kind: its first gate tells why.
struct announced {
  std::string kind = "unknown", label;
};

announced look_at(const std::string& file) {
  announced out;
  out.label = file;
  if (const auto note = spawn::read_manifest_note(file)) {
    if (const auto manifest = spawn::parse_manifest(*note)) {
      out.kind = manifest->kind;
      out.label = manifest->label();
    }
  }
  return out;
}

void write_to(const std::string& file, const std::string& text) {
  if (file == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return;
  }
  std::ofstream out(file, std::ios::binary);
  if (!(out << text).flush()) {
    throw std::runtime_error("can not write " + file);
  }
}

// True: a round failed.
bool fuzz_and_tell(const options& given, const std::string& kind, bool tell) {
  const test_list rounds = fuzz_tests(kind);
  if (rounds.empty()) {
    std::printf("fuzz: there are no random requests for the kind %s\n", kind.c_str());
    return false;
  }
  if (tell) {
    std::printf("fuzz: from seed %llu on, for %lld s\n",
                static_cast<unsigned long long>(given.seed),
                static_cast<long long>(given.fuzz.count()));
    std::fflush(stdout);
  }
  const fuzzed got = fuzz(given, rounds);
  if (got.id.empty()) {
    std::printf("fuzz: %llu rounds passed\n", static_cast<unsigned long long>(got.rounds));
    return false;
  }
  std::printf("fuzz: %s %s with seed %llu\n           %s\n", got.id.c_str(),
              std::string(name(got.result.what)).c_str(), static_cast<unsigned long long>(got.seed),
              got.result.text.c_str());
  std::printf("           again with: --fuzz 1 --seed %llu --include 'fuzz.*'\n",
              static_cast<unsigned long long>(got.seed));
  return true;
}

int check_plugin(const options& given) {
  const announced what = look_at(given.plugin);
  test_list tests = tests_of(what.kind);
  std::erase_if(tests,
                [&](const test& one) { return !wanted(one.id, given.include, given.exclude); });
  if (given.list) {
    write_to("-", list_of(tests));
    return exit_passed;
  }
  if (given.trace && !given.in_process) {
    std::fprintf(stderr, "--trace is for --in-process\n");
    return exit_usage;
  }
  if (given.in_process) {
    if (tests.size() != 1) {
      std::fprintf(stderr, "--in-process is for one test, --include names %zu\n", tests.size());
      return exit_usage;
    }
    be_alone(given, tests.front());
  }
  const bool tell = given.json_file != "-" && given.junit_file != "-";
  const auto told = [tell](const finding& one) {
    if (tell) {
      write_to("-", text_of(one));
      std::fflush(stdout);
    }
  };
  const std::vector<finding> all = run_all(given, tests, told);
  const tally sum = count(all);
  if (tell) {
    write_to("-", text_of(sum, what.label));
  }
  if (!given.json_file.empty()) {
    write_to(given.json_file, json_of(all, given, what.label));
  }
  if (!given.junit_file.empty()) {
    write_to(given.junit_file, junit_of(all, what.label));
  }
  bool bad = sum.bad != 0 || (given.strict && sum.warned != 0);
  if (given.fuzz.count() != 0 && !bad) {
    bad = fuzz_and_tell(given, what.kind, tell);
  }
  return bad ? exit_failed : exit_passed;
}

}  // namespace

int main(int argc, char** argv) {
  if (const auto code = run_restarted(argc, argv)) {
    return *code;
  }
  const parsed line = parse_options(argc, argv);
  if (line.exit_code >= 0) {
    return line.exit_code;
  }
  const options& given = line.given;
  try {
    if (!given.child.empty()) {
      test_list all = tests_of("");
      std::ranges::move(fuzz_tests(""), std::back_inserter(all));
      be_the_child(given, all);
    }
    if (given.plugin.empty()) {
      write_to("-", list_of(tests_of("")));
      return exit_passed;
    }
    if (!given.config_file.empty()) {
      (void)read_config(given.config_file);  // before the first test needs it
    }
    return check_plugin(given);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "spawn-plugin-check: %s\n", e.what());
    return exit_no_input;
  }
}
