// What the tests stand on: the plugin's file, a fake host with one instance, and require().
#pragma once
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

#include "spawn/plugin/testing/fake_instance.hpp"
#include "spawn/plugin/testing/plugin_file.h"

inline const spawn_plugin_entry* entry = nullptr;

inline void require(bool holds, const char* what) {
  if (!holds) {
    std::fprintf(stderr, "FAILED: %s\n", what);
    std::exit(1);
  }
}

// The first argument is the plugin's file.
inline void open_plugin(int argc, char** argv) {
  require(argc == 2, "usage: test PLUGIN.so");
  const char* why = nullptr;
  entry = spawn_open_plugin(argv[1], &why);
  require(entry != nullptr, why != nullptr ? why : "the file has no entry");
}

// An instance that has started, and its host. What it does against the rules of a host, up to its
// very end, fails the test.
template <class Host = spawn::plugin::testing::fake_host>
class plugin_on {
 public:
  explicit plugin_on(const std::string& config) : made_(std::in_place, host, entry, config) {
    require(made_->raw() != nullptr, made_->error().c_str());
    require(made_->start(), "the instance starts");
  }
  ~plugin_on() {
    made_.reset();
    for (const std::string& what : host.violations()) {
      require(false, what.c_str());
    }
  }
  plugin_on(const plugin_on&) = delete;
  plugin_on& operator=(const plugin_on&) = delete;

  [[nodiscard]] spawn_instance* raw() const noexcept { return made_->raw(); }
  // The table of the plugin's kind.
  template <class Table>
  [[nodiscard]] const Table* table(const char* id) const {
    const auto* found = made_->interface<Table>(id);
    require(found != nullptr, "the plugin has the table of its kind");
    return found;
  }

  Host host;

 private:
  std::optional<spawn::plugin::testing::fake_instance> made_;
};

inline int ended() {
  std::puts("all tests passed");
  return 0;
}
