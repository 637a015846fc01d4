#include "plugin/host_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

namespace spawn {
namespace {

constexpr std::size_t label_bytes_max = 256;

// What Prometheus takes as the name of a metric or label.
bool valid_name(const char* name) noexcept {
  if (name == nullptr || *name == '\0' || (*name >= '0' && *name <= '9')) {
    return false;
  }
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return std::string_view(name).find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

std::uint32_t host_metrics::define(std::uint32_t type, const char* name, const char* help,
                                   const char* const* labels, std::uint32_t n) noexcept {
  const std::lock_guard hold(mutex_);
  const bool labels_ok = n <= labels_max && (n == 0 || labels != nullptr) &&
                         std::all_of(labels, labels + n, valid_name);
  if (frozen_ || type < 1 || type > 3 || !valid_name(name) || !labels_ok ||
      metrics_.size() >= metrics_max) {
    return 0;
  }
  held made;
  made.family.type = static_cast<metric_type>(type);
  made.family.name = name;
  made.family.help = help != nullptr ? help : "";
  made.family.labels.assign(labels, labels + n);
  metrics_.push_back(std::move(made));
  return static_cast<std::uint32_t>(metrics_.size());
}

void host_metrics::freeze() noexcept {
  const std::lock_guard hold(mutex_);
  frozen_ = true;
}

metric_series* host_metrics::find(std::uint32_t metric, const spawn_slice* label_values) {
  if (metric == 0 || metric > metrics_.size()) {
    ++dropped_;
    return nullptr;
  }
  held& m = metrics_[metric - 1];
  std::vector<std::string> key;
  for (std::size_t i = 0; i < m.family.labels.size(); ++i) {
    if (label_values == nullptr) {
      ++dropped_;
      return nullptr;
    }
    const auto length = std::min<std::size_t>(label_values[i].len, label_bytes_max);
    key.emplace_back(static_cast<const char*>(label_values[i].ptr), length);
  }
  const auto at = m.series.find(key);
  if (at != m.series.end()) {
    return &at->second;
  }
  if (m.series.size() >= series_max) {
    ++dropped_;
    return nullptr;
  }
  metric_series& made = m.series[key];
  made.labels = std::move(key);
  if (m.family.type == metric_type::histogram) {
    made.buckets.assign(std::size(metric_bounds) + 1, 0);
  }
  return &made;
}

void host_metrics::add(std::uint32_t metric, const spawn_slice* label_values, double v) noexcept {
  const std::lock_guard hold(mutex_);
  metric_series* series = find(metric, label_values);
  if (series == nullptr || std::isnan(v)) {
    return;
  }
  // A counter never goes down.
  if (metrics_[metric - 1].family.type != metric_type::counter || v >= 0) {
    series->value += v;
  }
}

void host_metrics::observe(std::uint32_t metric, const spawn_slice* label_values,
                           double v) noexcept {
  const std::lock_guard hold(mutex_);
  metric_series* series = find(metric, label_values);
  if (series == nullptr || std::isnan(v)) {
    return;
  }
  if (metrics_[metric - 1].family.type == metric_type::histogram) {
    const auto bound = std::lower_bound(std::begin(metric_bounds), std::end(metric_bounds), v);
    ++series->buckets[static_cast<std::size_t>(bound - std::begin(metric_bounds))];
    ++series->count;
    series->value += v;
  } else if (metrics_[metric - 1].family.type == metric_type::gauge) {
    series->value = v;
  }
}

void host_metrics::replace(std::vector<metric_family> all) {
  if (all.size() > metrics_max) {
    all.resize(metrics_max);
  }
  for (metric_family& each : all) {
    if (each.series.size() > series_max) {
      each.series.resize(series_max);
    }
  }
  const std::lock_guard hold(mutex_);
  elsewhere_ = std::move(all);
}

std::vector<metric_family> host_metrics::snapshot() const {
  const std::lock_guard hold(mutex_);
  std::vector<metric_family> out = elsewhere_;
  for (const held& m : metrics_) {
    out.push_back(m.family);
    for (const auto& [key, series] : m.series) {
      out.back().series.push_back(series);
    }
  }
  return out;
}

std::uint64_t host_metrics::dropped() const noexcept {
  const std::lock_guard hold(mutex_);
  return dropped_;
}

}  // namespace spawn
