// The lanes of an instance, for the kinds whose table opens them. Life: after start, before
// quiesce. Thread: the test's.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "instance.hpp"

namespace spawn::check {

class lanes {
 public:
  // Opens so many; one for a plugin that has one. Throws contract::failed when that does not work.
  lanes(subject& of, instance& on, std::uint32_t wanted);
  ~lanes() { close(); }
  lanes(const lanes&) = delete;
  lanes& operator=(const lanes&) = delete;

  void close();
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  // nullptr for workflows and live actors, which have no lanes of this sort.
  [[nodiscard]] void* at(std::uint32_t lane) const { return open_.empty() ? nullptr : open_[lane]; }

 private:
  instance& on_;
  std::string kind_;
  std::uint32_t size_;
  std::vector<void*> open_;
};

}  // namespace spawn::check
