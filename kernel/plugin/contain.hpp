// Calls into plugins that may throw, hang or take too long, kept from hurting the caller.
#pragma once
#include <cstdint>
#include <exception>
#include <string>

#include "base/unique_function.hpp"

namespace spawn {

// Runs f; an exception that comes out of it becomes text. "" when there was none. [any]
template <class F>
[[nodiscard]] std::string contained(F&& f) noexcept {
  try {
    f();
    return {};
  } catch (const std::exception& e) {
    return std::string("threw an exception: ") + e.what();
  } catch (...) {
    return "threw something that is not an exception";
  }
}

// How a call with a time limit ended.
struct timed_call {
  bool late = false;  // still running when the time was over
  std::string threw;  // text of an exception, or empty
};

// Runs f on a thread of its own (named "sp." + name) and waits up to limit_ms. A late f goes on
// running; what it refers to must stay, and `afterwards` is called on its thread when it returns.
[[nodiscard]] timed_call run_within(const std::string& name, std::uint64_t limit_ms,
                                    unique_function<void()> f,
                                    unique_function<void()> afterwards = nullptr);

// Names the calling thread "sp." and the first 12 characters, as operators see it in top. [any]
void name_plugin_thread(const std::string& name) noexcept;

}  // namespace spawn
