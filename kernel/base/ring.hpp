// Bounded FIFO in one allocation made up front.
#pragma once
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace spawn {

// Holds at most capacity() elements; push refuses beyond it. Not thread-safe.
template <class T>
class ring {
 public:
  explicit ring(std::size_t capacity) : slots_(capacity) {}
  [[nodiscard]] std::size_t capacity() const noexcept { return slots_.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool full() const noexcept { return size_ == slots_.size(); }
  [[nodiscard]] bool push(T value) {
    if (full()) {
      return false;
    }
    slots_[(head_ + size_) % slots_.size()] = std::move(value);
    ++size_;
    return true;
  }
  [[nodiscard]] std::optional<T> pop() {
    if (empty()) {
      return std::nullopt;
    }
    std::optional<T> out(std::move(slots_[head_]));
    head_ = (head_ + 1) % slots_.size();
    --size_;
    return out;
  }

 private:
  std::vector<T> slots_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace spawn
