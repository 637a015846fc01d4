// What became of one test.
#pragma once
#include <chrono>
#include <string>
#include <string_view>

namespace spawn::check {

enum class verdict {
  passed,
  warned,     // allowed, and worth a look
  skipped,    // it does not apply, or something it needs is not there; the text says what
  not_run,    // a gate before it failed
  failed,     // the promise is broken
  crashed,    // its process ended without a verdict
  timed_out,  // its process was killed at the limit
};

struct outcome {
  verdict what = verdict::crashed;
  std::string text;    // why, unless it passed
  std::string output;  // the last of what its process wrote, where it did not pass
  std::chrono::milliseconds took{0};
};

[[nodiscard]] std::string_view name(verdict v) noexcept;
// Of a name; crashed for one that is none.
[[nodiscard]] verdict verdict_of(std::string_view name) noexcept;
// failed, crashed and timed_out.
[[nodiscard]] bool is_bad(verdict v) noexcept;

}  // namespace spawn::check
