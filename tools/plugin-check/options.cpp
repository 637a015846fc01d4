#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

namespace spawn::check {

parsed parse_options(int argc, char** argv) {
  parsed out;
  options& o = out.given;
  o.jobs = std::max(1u, std::thread::hardware_concurrency());
  std::int64_t limit_s = o.limit.count(), fuzz_s = 0, patience_ms = o.patience.count();

  CLI::App app{"Checks a plugin of the Spawn kernel against the rules of its interface."};
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.add_option("plugin", o.plugin, "The plugin.so");
  app.add_option("--config", o.config_file,
                 "YAML or JSON file: the instance's config. {dir} in a text is a fresh folder, {n} "
                 "a fresh number")
      ->check(CLI::ExistingFile);
  app.add_option("--driver", o.driver, "Activators: a command that publishes into the source");
  app.add_option("--include", o.include, "Only tests that fit one of these patterns (*, ?)")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  app.add_option("--exclude", o.exclude, "No tests that fit one of these patterns")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  app.add_option("--json", o.json_file, "Write the results as JSON; - is standard output");
  app.add_option("--junit", o.junit_file, "Write the results as JUnit XML; - is standard output");
  app.add_option("--seed", o.seed, "For everything random")->capture_default_str();
  app.add_option("--fuzz", fuzz_s, "After the tests: random requests for so many seconds")
      ->check(CLI::Range(0, 86'400));
  app.add_option("--limit", limit_s, "Seconds a test may take")
      ->check(CLI::Range(1, 3'600))
      ->capture_default_str();
  app.add_option("--patience", patience_ms, "Milliseconds a test waits for what must come")
      ->check(CLI::Range(100, 600'000))
      ->capture_default_str();
  app.add_option("--jobs", o.jobs, "Tests at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_flag("--list", o.list, "Print ids and promises; without a plugin those of all kinds");
  app.add_flag("--keep-going", o.keep_going, "Run what comes after a failed gate too");
  app.add_flag("--strict", o.strict, "A warning counts as a failure");
  app.add_flag(
      "--in-process", o.in_process,
      "Run the one test that --include names in this process, without a limit: for a debugger");
  app.add_flag("--trace", o.trace,
               "With --in-process: tell each call into the plugin and its time on standard error");
  app.add_option("--child", o.child)->group("");
  app.add_option("--result-fd", o.result_fd)->group("");
  app.add_option("--folder", o.folder)->group("");
  try {
    app.parse(argc, argv);
    if (o.plugin.empty() && !o.list) {
      throw CLI::RequiredError("plugin");
    }
  } catch (const CLI::ParseError& e) {
    out.exit_code = app.exit(e) == 0 ? exit_passed : exit_usage;
  }
  o.limit = std::chrono::seconds(limit_s);
  o.fuzz = std::chrono::seconds(fuzz_s);
  o.patience = std::chrono::milliseconds(patience_ms);
  return out;
}

}  // namespace spawn::check
