// Shared by the configuration's tests: load a text under a made-up environment.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

#include "config/load.hpp"

namespace spawn::config {

using variables = std::map<std::string, std::string, std::less<>>;

inline constexpr const char* file_name = "spawn.yaml";

inline result<loaded> load(std::string_view text, variables env = {}) {
  return load_text(text, file_name, environment(std::move(env)));
}

// The error's text, or "" if it loads.
inline std::string errors(std::string_view text, variables env = {}) {
  auto got = load(text, std::move(env));
  return got ? std::string() : got.error().text;
}

// The settings; fails the test and returns the defaults if it does not load.
inline settings good(std::string_view text, variables env = {}) {
  auto got = load(text, std::move(env));
  EXPECT_TRUE(got) << (got ? "" : got.error().text);
  return got ? got->value : settings{};
}

inline const origin* origin_of(const loaded& from, std::string_view key) {
  for (const auto& o : from.origins) {
    if (o.key == key) {
      return &o;
    }
  }
  return nullptr;
}

}  // namespace spawn::config
