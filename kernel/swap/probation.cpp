#include "swap/probation.hpp"

#include <algorithm>
#include <cstdio>

namespace spawn {
namespace {

double failed_percent(const op_figures& of) {
  return of.completed == 0
             ? 0
             : 100.0 * static_cast<double>(of.failed) / static_cast<double>(of.completed);
}

std::string text_of(double value) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f", value);
  return out;
}

std::string ms_of(std::uint64_t ns) {
  return text_of(static_cast<double>(ns) / static_cast<double>(ns_per_ms)) + " ms";
}

}  // namespace

op_figures op_figures::of(const plugin_instance& instance) {
  const auto& host = instance.core()->host;
  op_figures out;
  // Failures first, so that none is counted without its operation.
  out.failed = host.failed();
  out.completed = host.completed();
  out.samples = host.op_times().count();
  out.p99_ns = host.op_times().quantile_ns(0.99);
  return out;
}

std::optional<std::string> probation::verdict(const op_figures& now) const {
  if (now.completed < limits_.operations) {
    return std::nullopt;
  }
  const double failed = failed_percent(now), failed_before = failed_percent(before_);
  if (failed > failed_before + limits_.failures_percent) {
    return text_of(failed) + " % of " + std::to_string(now.completed) + " operations failed, and " +
           text_of(failed_before) + " % before the swap";
  }
  const bool comparable = std::min(now.samples, before_.samples) >= samples_min;
  if (limits_.slower_factor != 0 && comparable && now.p99_ns > limits_.slower_ms * ns_per_ms &&
      now.p99_ns > before_.p99_ns * limits_.slower_factor) {
    return "the p99 of its operations is " + ms_of(now.p99_ns) + ", and was " +
           ms_of(before_.p99_ns) + " before the swap";
  }
  return std::nullopt;
}

}  // namespace spawn
