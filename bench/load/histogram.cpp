#include "histogram.hpp"

#include <algorithm>
#include <cmath>

namespace spawn::bench {

void histogram::merge(const histogram& other) {
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    counts_[i] += other.counts_[i];
  }
  total_ += other.total_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t histogram::upper_edge(unsigned bucket) {
  const auto octave = bucket / sub_count;
  const std::uint64_t sub = bucket % sub_count;
  if (octave == 0) {
    return sub;
  }
  return ((sub_count + sub + 1) << (octave - 1)) - 1;
}

std::uint64_t histogram::quantile_ns(double q) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  for (unsigned i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted && seen != 0) {
      return std::min(upper_edge(i), max_);
    }
  }
  return max_;
}

}  // namespace spawn::bench
