// Registers contract checks as GoogleTest cases.
#pragma once
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

class check_case : public testing::Test {
 public:
  check_case(check c, target t) : check_(std::move(c)), target_(std::move(t)) {}
  void TestBody() override {
    try {
      check_.run(target_);
    } catch (const failed& f) {
      FAIL() << f.what;
    } catch (const skipped& s) {
      GTEST_SKIP() << s.why;
    }
  }

 private:
  check check_;
  target target_;
};

inline void register_checks(const std::vector<check>& checks, const target& t) {
  for (const check& c : checks) {
    const auto dot = c.id.find('.');
    testing::RegisterTest(c.id.substr(0, dot).c_str(), c.id.substr(dot + 1).c_str(), nullptr,
                          nullptr, __FILE__, __LINE__,
                          [c, t]() -> testing::Test* { return new check_case(c, t); });
  }
}

}  // namespace contract
