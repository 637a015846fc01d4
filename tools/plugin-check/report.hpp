// The results, for people and for programs.
#pragma once
#include <string>
#include <vector>

#include "runner.hpp"

namespace spawn::check {

struct tally {
  unsigned passed = 0, warned = 0, skipped = 0, not_run = 0, bad = 0;
};
[[nodiscard]] tally count(const std::vector<finding>& all);

// One line for what passed, more for what did not.
[[nodiscard]] std::string text_of(const finding& one);
[[nodiscard]] std::string text_of(const tally& all, const std::string& plugin);

// docs/plugin-check.md describes both.
[[nodiscard]] std::string json_of(const std::vector<finding>& all, const options& given,
                                  const std::string& label);
[[nodiscard]] std::string junit_of(const std::vector<finding>& all, const std::string& label);

// Ids and promises, aligned.
[[nodiscard]] std::string list_of(const test_list& tests);

}  // namespace spawn::check
