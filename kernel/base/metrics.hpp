// Counting on a lane: plain cells with one writer, read by the scraper while the lane goes on
// (D13).
#pragma once
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

namespace spawn {

// One writer, any number of readers. No lock prefix: only the writer changes it.
class counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void sub(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// Durations in buckets of powers of two microseconds: 1 us .. 67 s, and one beyond. One writer.
class duration_histogram {
 public:
  static constexpr std::size_t buckets = 28;
  void observe_ns(std::uint64_t ns) noexcept {
    const std::uint64_t us = ns / 1'000;
    const auto at = static_cast<std::size_t>(std::bit_width(us));
    buckets_[at < buckets ? at : buckets - 1].add();
    sum_ns_.add(ns);
  }
  [[nodiscard]] std::uint64_t bucket(std::size_t i) const noexcept { return buckets_[i].get(); }
  // Upper bound of a bucket in seconds (bucket i holds less than 2^i microseconds).
  [[nodiscard]] static constexpr double upper_s(std::size_t i) noexcept {
    return static_cast<double>(std::uint64_t{1} << i) / 1e6;
  }
  [[nodiscard]] double sum_s() const noexcept { return static_cast<double>(sum_ns_.get()) / 1e9; }

 private:
  std::array<counter, buckets> buckets_;
  counter sum_ns_;
};

}  // namespace spawn
