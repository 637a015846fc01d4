// The vocabulary of the contract suites: a check is a function over a target, and says what it
// found by returning (fine), or by throwing failed or skipped. No test framework in here, so that a
// tool for plugin authors can run the same checks.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/entry.h"

namespace contract {

struct failed {
  std::string what;
};
struct skipped {
  std::string why;
};

// What a suite runs against: a plugin and the configuration of a fresh, empty instance.
struct target {
  const spawn_plugin_entry* entry = nullptr;
  std::function<std::string()> fresh_config;
  bool one_lane = false;   // the manifest says "lanes": "one"
  std::uint64_t seed = 1;  // of everything random
};

struct check {
  std::string id;  // stable: `group.what`
  std::function<void(const target&)> run;
  std::string promise = {};  // what holds when it passes, for people
};

inline std::string described(int value) {
  return std::to_string(value);
}
inline std::string described(std::uint64_t value) {
  return std::to_string(value);
}
inline std::string described(std::int64_t value) {
  return std::to_string(value);
}
inline std::string described(bool value) {
  return value ? "true" : "false";
}
inline std::string described(std::string_view value) {
  return value.size() > 60 ? std::to_string(value.size()) + " bytes" : std::string(value);
}

inline void require(bool holds, std::string_view what) {
  if (!holds) {
    throw failed{std::string(what)};
  }
}

template <class A, class B>
void require_equal(const A& got, const B& expected, std::string_view what) {
  if (!(got == expected)) {
    throw failed{std::string(what) + ": got " + described(got) + ", expected " +
                 described(static_cast<A>(expected))};
  }
}

}  // namespace contract
