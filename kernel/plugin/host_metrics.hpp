// spawn.host.metrics/1: the numbers a plugin keeps, for /metrics.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "spawn/plugin/abi.h"

namespace spawn {

enum class metric_type : std::uint32_t { counter = 1, gauge = 2, histogram = 3 };

// Values of one metric for one set of label values. A histogram keeps count, sum and buckets.
struct metric_series {
  std::vector<std::string> labels;
  double value = 0;  // counter: total. gauge: last. histogram: sum
  std::uint64_t count = 0;
  std::vector<std::uint64_t> buckets;  // histogram: per bound of metric_bounds, not cumulative
};

struct metric_family {
  metric_type type = metric_type::counter;
  std::string name;
  std::string help;
  std::vector<std::string> labels;
  std::vector<metric_series> series;
};

// Upper bounds of histogram buckets, in the plugin's unit; seconds suit them best.
inline constexpr double metric_bounds[] = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05,
                                           0.1,    0.5,    1,     5,     10,   60};

// Bounded: metrics_max metrics of series_max label sets each; what goes beyond is counted and
// dropped. A short lock per call: plugins gather on their own where that is too much. [any]
class host_metrics {
 public:
  static constexpr std::size_t metrics_max = 100;
  static constexpr std::size_t labels_max = 8;
  static constexpr std::size_t series_max = 1'000;

  // A number > 0, or 0: bad type, bad name, or too many. No more once frozen. [control]
  std::uint32_t define(std::uint32_t type, const char* name, const char* help,
                       const char* const* labels, std::uint32_t n) noexcept;
  void freeze() noexcept;  // start ended: the set of metrics is fixed [control]
  void add(std::uint32_t metric, const spawn_slice* label_values, double v) noexcept;
  void observe(std::uint32_t metric, const spawn_slice* label_values, double v) noexcept;

  // For an instance that counts elsewhere: what snapshot() gives from here on.
  void replace(std::vector<metric_family> all);

  [[nodiscard]] std::vector<metric_family> snapshot() const;
  [[nodiscard]] std::uint64_t dropped() const noexcept;

 private:
  struct held {
    metric_family family;
    std::map<std::vector<std::string>, metric_series> series;
  };
  [[nodiscard]] metric_series* find(std::uint32_t metric, const spawn_slice* label_values);

  mutable std::mutex mutex_;
  std::vector<held> metrics_;
  std::vector<metric_family> elsewhere_;
  std::uint64_t dropped_ = 0;
  bool frozen_ = false;
};

}  // namespace spawn
