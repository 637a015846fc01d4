#include "admin/metrics_build.hpp"

#include <prometheus/text_serializer.h>

#include <sstream>

namespace spawn {

prometheus::ClientMetric* metrics_builder::add(const std::string& name, std::string_view help,
                                               prometheus::MetricType type, labels&& with) {
  prometheus::MetricFamily& family = families_[name];
  if (family.name.empty()) {
    family.name = name;
    family.help = help;
    family.type = type;
  } else if (family.type != type) {
    return nullptr;
  }
  prometheus::ClientMetric& made = family.metric.emplace_back();
  for (auto& [key, value] : with) {
    made.label.push_back({std::move(key), std::move(value)});
  }
  return &made;
}

void metrics_builder::counter(const std::string& name, std::string_view help, double value,
                              labels with) {
  if (auto* made = add(name, help, prometheus::MetricType::Counter, std::move(with))) {
    made->counter.value = value;
  }
}

void metrics_builder::gauge(const std::string& name, std::string_view help, double value,
                            labels with) {
  if (auto* made = add(name, help, prometheus::MetricType::Gauge, std::move(with))) {
    made->gauge.value = value;
  }
}

void metrics_builder::durations(const std::string& name, std::string_view help,
                                const std::vector<const duration_histogram*>& parts) {
  // The last bucket holds everything beyond, so it has no bound.
  constexpr std::size_t bounded = duration_histogram::buckets - 1;
  std::vector<double> bounds;
  std::vector<std::uint64_t> counts(bounded);
  std::uint64_t total = 0;
  double sum = 0;
  for (std::size_t i = 0; i < bounded; ++i) {
    bounds.push_back(duration_histogram::upper_s(i));
  }
  for (const duration_histogram* part : parts) {
    for (std::size_t i = 0; i < bounded; ++i) {
      const std::uint64_t n = part->bucket(i);
      counts[i] += n;
      total += n;
    }
    total += part->bucket(bounded);
    sum += part->sum_s();
  }
  histogram(name, help, bounds, counts, total, sum);
}

void metrics_builder::histogram(const std::string& name, std::string_view help,
                                const std::vector<double>& bounds,
                                const std::vector<std::uint64_t>& counts, std::uint64_t total,
                                double sum, labels with) {
  auto* made = add(name, help, prometheus::MetricType::Histogram, std::move(with));
  if (made == nullptr) {
    return;
  }
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < bounds.size() && i < counts.size(); ++i) {
    so_far += counts[i];
    made->histogram.bucket.push_back({so_far, bounds[i]});
  }
  made->histogram.sample_count = std::max(total, so_far);
  made->histogram.sample_sum = sum;
}

std::string metrics_builder::text() const {
  std::vector<prometheus::MetricFamily> all;
  all.reserve(families_.size());
  for (const auto& [name, family] : families_) {
    all.push_back(family);
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, all);
  return std::move(out).str();
}

}  // namespace spawn
