#include "outcome.hpp"

#include <array>
#include <utility>

namespace spawn::check {
namespace {

constexpr std::array<std::pair<verdict, std::string_view>, 7> names{{
    {verdict::passed, "passed"},
    {verdict::warned, "warned"},
    {verdict::skipped, "skipped"},
    {verdict::not_run, "not_run"},
    {verdict::failed, "failed"},
    {verdict::crashed, "crashed"},
    {verdict::timed_out, "timed_out"},
}};

}  // namespace

std::string_view name(verdict v) noexcept {
  for (const auto& [one, text] : names) {
    if (one == v) {
      return text;
    }
  }
  return "crashed";
}

verdict verdict_of(std::string_view text) noexcept {
  for (const auto& [one, known] : names) {
    if (known == text) {
      return one;
    }
  }
  return verdict::crashed;
}

bool is_bad(verdict v) noexcept {
  return v == verdict::failed || v == verdict::crashed || v == verdict::timed_out;
}

}  // namespace spawn::check
