// Gathers metric families at scrape: names once, label sets in order.
#pragma once
#include <prometheus/metric_family.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.hpp"

namespace spawn {

// Made for one scrape, on its thread. A name belongs to the type it was first used with; a plugin
// that uses one with another type loses that series instead of spoiling the page.
class metrics_builder {
 public:
  using labels = std::vector<std::pair<std::string, std::string>>;

  void counter(const std::string& name, std::string_view help, double value, labels with = {});
  void gauge(const std::string& name, std::string_view help, double value, labels with = {});
  // The sum of one histogram over all lanes.
  void durations(const std::string& name, std::string_view help,
                 const std::vector<const duration_histogram*>& parts);
  // `counts` are per bound, not cumulative; observations above the last bound are in `total` only.
  void histogram(const std::string& name, std::string_view help, const std::vector<double>& bounds,
                 const std::vector<std::uint64_t>& counts, std::uint64_t total, double sum,
                 labels with = {});

  [[nodiscard]] std::string text() const;

 private:
  prometheus::ClientMetric* add(const std::string& name, std::string_view help,
                                prometheus::MetricType type, labels&& with);

  std::map<std::string, prometheus::MetricFamily> families_;
};

}  // namespace spawn
