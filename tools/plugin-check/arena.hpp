// arena: the bytes that ops point at. Plain ones, or each against a page without rights.
#pragma once
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "guarded.hpp"
#include "spawn/plugin/abi.h"

namespace spawn::check {

class arena {
 public:
  explicit arena(bool in_pages = false) : in_pages_(in_pages) {}

  // A copy that lives as long as the arena.
  spawn_slice place(std::string_view bytes) {
    if (in_pages_ && !bytes.empty()) {
      pages_.push_back(
          std::make_unique<guarded>(bytes.size(), "an op's input is read past its end"));
      std::memcpy(pages_.back()->data(), bytes.data(), bytes.size());
      return {pages_.back()->data(), bytes.size()};
    }
    plain_.emplace_back(bytes);
    return {plain_.back().data(), bytes.size()};
  }
  // An array of slices, placed in the same way.
  const spawn_slice* place(const std::vector<spawn_slice>& slices) {
    const spawn_slice out = place(std::string_view(reinterpret_cast<const char*>(slices.data()),
                                                   slices.size() * sizeof(spawn_slice)));
    return static_cast<const spawn_slice*>(out.ptr);
  }

  void read_only(const char* verdict) {
    for (const auto& one : pages_) {
      one->read_only(verdict);
    }
  }
  void forbid(const char* verdict) {
    for (const auto& one : pages_) {
      one->forbid(verdict);
    }
  }

 private:
  bool in_pages_;
  std::deque<std::string> plain_;
  std::vector<std::unique_ptr<guarded>> pages_;
};

}  // namespace spawn::check
