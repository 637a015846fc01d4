// How long calls took: a histogram with two buckets per power of two, of nanoseconds.
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace spawn {

// One writer thread at a time, any reader. Fixed size; add() is two plain stores.
class call_times {
 public:
  void add(std::uint64_t ns) noexcept {
    auto& bucket = buckets_[index_of(ns)];
    bucket.store(bucket.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  // The same, with any number of writers that use this one alone.
  void add_shared(std::uint64_t ns) noexcept {
    buckets_[index_of(ns)].fetch_add(1, std::memory_order_relaxed);
  }
  // Adds all counts to `sum`. [any]
  void add_to(call_times& sum) const noexcept {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      auto& to = sum.buckets_[i];
      to.store(to.load(std::memory_order_relaxed) + buckets_[i].load(std::memory_order_relaxed),
               std::memory_order_relaxed);
    }
  }
  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t n = 0;
    for (const auto& bucket : buckets_) {
      n += bucket.load(std::memory_order_relaxed);
    }
    return n;
  }
  // Upper bound of the bucket that holds the q-quantile; 0 without calls. [any]
  [[nodiscard]] std::uint64_t quantile_ns(double q) const noexcept {
    const std::uint64_t n = count();
    const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(n));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; n > 0 && i < buckets_.size(); ++i) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (seen > wanted || seen == n) {
        return upper_ns(i);
      }
    }
    return 0;
  }
  // For rendering: count of bucket i and its upper bound.
  static constexpr std::size_t size = 80;  // up to 2^40 ns, 18 minutes
  [[nodiscard]] std::uint64_t at(std::size_t i) const noexcept {
    return buckets_[i].load(std::memory_order_relaxed);
  }
  [[nodiscard]] static constexpr std::uint64_t upper_ns(std::size_t i) noexcept {
    const std::uint64_t power = std::uint64_t{1} << (i / 2);
    return i % 2 == 0 ? power + power / 2 : power * 2;
  }

 private:
  [[nodiscard]] static constexpr std::size_t index_of(std::uint64_t ns) noexcept {
    if (ns < 2) {
      return 0;
    }
    const auto power = static_cast<std::size_t>(63 - std::countl_zero(ns));
    const std::size_t half = (ns >> (power - 1)) & 1;
    const std::size_t i = power * 2 + half;
    return i < size ? i : size - 1;
  }
  std::array<std::atomic<std::uint64_t>, size> buckets_{};
};

}  // namespace spawn
