// Latencies in buckets whose width grows with the value: 1/64 of it at most (1.6 %).
#pragma once

#include <array>
#include <cstdint>

namespace spawn::bench {

// Thread: one; merge() those of several when they are done.
class histogram {
 public:
  void record(std::uint64_t ns) {
    ++counts_[bucket_of(ns)];
    ++total_;
    max_ = ns > max_ ? ns : max_;
  }
  void merge(const histogram& other);
  // The upper edge of the bucket in which the share `q` (0 to 1) of all values is reached.
  [[nodiscard]] std::uint64_t quantile_ns(double q) const;
  [[nodiscard]] std::uint64_t max_ns() const { return max_; }
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  static constexpr unsigned sub_bits = 6;
  static constexpr unsigned sub_count = 1U << sub_bits;
  static constexpr unsigned octaves = 64 - sub_bits;

  // Below 64 each value has a bucket; above, each power of two has 64.
  static unsigned bucket_of(std::uint64_t ns) {
    if (ns < sub_count) {
      return static_cast<unsigned>(ns);
    }
    const auto top = 63U - static_cast<unsigned>(__builtin_clzll(ns));
    const auto octave = top - sub_bits + 1;
    return octave * sub_count + static_cast<unsigned>((ns >> (octave - 1)) & (sub_count - 1));
  }
  static std::uint64_t upper_edge(unsigned bucket);

  std::array<std::uint64_t, sub_count*(octaves + 1)> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace spawn::bench
