// result<T>: a value or an error. Never an exception on a lane.
#pragma once
#include <tl/expected.hpp>

#include "base/error.hpp"

namespace spawn {

template <class T>
using result = tl::expected<T, error>;

[[nodiscard]] inline tl::unexpected<error> fail(errc code, std::string text) {
  return tl::unexpected<error>(error{code, 0, std::move(text)});
}
[[nodiscard]] inline tl::unexpected<error> fail(error e) {
  return tl::unexpected<error>(std::move(e));
}

}  // namespace spawn

#define SPAWN_CONCAT_(a, b) a##b
#define SPAWN_CONCAT(a, b) SPAWN_CONCAT_(a, b)
// SPAWN_TRY(auto x, f()): x is f()'s value, or the function returns f()'s error.
#define SPAWN_TRY(decl, expr) SPAWN_TRY_(decl, expr, SPAWN_CONCAT(spawn_try_, __LINE__))
#define SPAWN_TRY_(decl, expr, tmp)                                  \
  auto tmp = (expr);                                                 \
  if (!tmp) {                                                        \
    return ::tl::unexpected<::spawn::error>(std::move(tmp.error())); \
  }                                                                  \
  decl = std::move(*tmp)
// SPAWN_CHECK(f()): for result<void>.
#define SPAWN_CHECK(expr)                                                       \
  do {                                                                          \
    auto spawn_check_ = (expr);                                                 \
    if (!spawn_check_) {                                                        \
      return ::tl::unexpected<::spawn::error>(std::move(spawn_check_.error())); \
    }                                                                           \
  } while (false)
