// unit_list: a submit cut into what must stand or fall together: a single op, or the ops of one
// atomic group in the order of the batch. A group takes the place of its first op. Borrows the ops.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "spawn/plugin/cpp/statestore.hpp"

namespace spawn::plugin {

class unit_list {
 public:
  explicit unit_list(std::span<spawn_op* const> ops) {
    std::vector<std::uint32_t> unit_of(ops.size());
    std::unordered_map<std::uint64_t, std::uint32_t> groups;
    for (std::size_t i = 0; i < ops.size(); ++i) {
      const auto fresh = static_cast<std::uint32_t>(starts_.size());
      const std::uint64_t id = group_of(ops[i]);
      unit_of[i] = id == 0 ? fresh : groups.try_emplace(id, fresh).first->second;
      if (unit_of[i] == fresh) {
        starts_.push_back(0);
      }
      ++starts_[unit_of[i]];
    }
    std::uint32_t at = 0;
    for (std::uint32_t& start : starts_) {
      at += start;
      start = at - start;
    }
    std::vector<std::uint32_t> next = starts_;
    starts_.push_back(at);
    ops_.resize(ops.size());
    for (std::size_t i = 0; i < ops.size(); ++i) {
      ops_[next[unit_of[i]]++] = ops[i];
    }
  }

  [[nodiscard]] std::size_t size() const noexcept { return starts_.size() - 1; }
  [[nodiscard]] std::span<spawn_op* const> operator[](std::size_t i) const noexcept {
    return range(i, 1);
  }
  // The ops of `count` units from `first` on.
  [[nodiscard]] std::span<spawn_op* const> range(std::size_t first,
                                                 std::size_t count) const noexcept {
    return std::span(ops_).subspan(starts_[first], starts_[first + count] - starts_[first]);
  }

 private:
  static std::uint64_t group_of(const spawn_op* op) noexcept {
    return is_store_write(op) && covers<spawn_ss_save>(op)
               ? reinterpret_cast<const spawn_ss_save*>(op)->atomic_group
               : 0;
  }

  std::vector<spawn_op*> ops_;
  std::vector<std::uint32_t> starts_;  // of each unit in ops_, and the end
};

}  // namespace spawn::plugin
