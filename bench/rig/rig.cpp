#include "rig/rig.hpp"

#include <stdlib.h>

#include <cstdio>
#include <cstdlib>

namespace spawn::bench {

namespace {

constexpr std::uint64_t step_ms = 5'000;

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "spawn-rig-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    give_up("can not make a temporary folder");
  }
  return name;
}

template <class T>
T must(result<T> got) {
  if (!got) {
    give_up(got.error().text);
  }
  return std::move(*got);
}

}  // namespace

void give_up(std::string_view why) {
  std::fprintf(stderr, "%.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(2);
}

rig::rig(const std::filesystem::path& plugins, std::string plugin, std::string config_json,
         bool in_own_process)
    : folder_(make_folder()) {
  plugin_manager_options options;
  options.paths = {std::filesystem::absolute(plugins)};
  options.store_dir = folder_ / "store";
  manager_ = std::make_unique<plugin_manager>(options, lane_loops{&lanes_, {}}, time_);
  plugin_request request;
  request.kind = "statestore";
  request.use = std::move(plugin);
  request.instance = "main";
  request.config_json = std::move(config_json);
  if (in_own_process) {
    request.process.emplace();
  }
  port_ = must(make_statestore_port(*must(manager_->load(request))));
  if (auto started = manager_->start_all(step_ms); !started) {
    give_up(started.error().text);
  }
}

rig::~rig() {
  lane_.drive();
  manager_->lanes_stopped();
  if (auto stopped = manager_->stop_all(step_ms); !stopped) {
    std::fprintf(stderr, "%s\n", stopped.error().text.c_str());
  }
  port_.reset();
  manager_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace spawn::bench
