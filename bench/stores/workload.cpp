#include "workload.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace spawn::bench {

namespace {

constexpr std::size_t noise_bytes = 1u << 20;
constexpr std::size_t meta_bytes = 48;

}  // namespace

void give_up(std::string_view why) {
  fmt::print(stderr, "bench_stores: {}\n", why);
  std::_Exit(2);  // from any thread, with plugins' threads at work
}

workload::workload(std::uint32_t keys) : meta_(meta_bytes, 'm') {
  keys_.reserve(keys);
  for (std::uint32_t i = 0; i < keys; ++i) {
    keys_.push_back(fmt::format("a/bench/Counter/c{:010}", i));
  }
  std::mt19937 random(7);
  noise_.resize(noise_bytes);
  for (char& c : noise_) {
    c = static_cast<char>(random());
  }
}

std::string_view workload::payload(std::uint32_t key, std::uint64_t revision) const noexcept {
  const std::uint64_t at = (key * std::uint64_t{2'654'435'761} + revision * 40'503) >> 3;
  return std::string_view(noise_).substr(at % (noise_bytes - payload_bytes), payload_bytes);
}

group sequence::next(std::size_t rows) {
  group out;
  out.reserve(rows);
  for (const std::uint32_t key : keys(rows)) {
    out.push_back({key, revisions_[key - first_]++});
  }
  return out;
}

std::vector<std::uint32_t> sequence::keys(std::size_t rows) {
  std::vector<std::uint32_t> out;
  out.reserve(rows);
  ++draw_;
  while (out.size() < rows) {
    const auto i = static_cast<std::uint32_t>(random_() % drawn_.size());
    if (drawn_[i] != draw_) {
      drawn_[i] = draw_;
      out.push_back(first_ + i);
    }
  }
  return out;
}

}  // namespace spawn::bench
