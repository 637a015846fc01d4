// Objects of one type that come and go by the million: memory in chunks, freed ones first.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace spawn {

// T is default-constructed once; whoever takes one finds it as it was given back. The memory stays
// until the pool goes. `Link` chains the free ones. Not thread-safe.
template <class T, T* T::* Link>
class chunk_pool {
 public:
  chunk_pool() = default;
  chunk_pool(const chunk_pool&) = delete;
  chunk_pool& operator=(const chunk_pool&) = delete;

  [[nodiscard]] T* take() {
    if (free_ == nullptr) [[unlikely]] {
      grow();
    }
    T* out = free_;
    free_ = out->*Link;
    return out;
  }
  void give_back(T* object) noexcept {
    object->*Link = free_;
    free_ = object;
  }
  // The i-th that was ever made; null: there are not so many.
  [[nodiscard]] T* at(std::size_t i) const noexcept {
    return i < chunks_.size() * per_chunk ? &chunks_[i / per_chunk][i % per_chunk] : nullptr;
  }
  // f(object, i) for every new one.
  template <class F>
  [[nodiscard]] T* take(F&& number) {
    if (free_ == nullptr) [[unlikely]] {
      const std::size_t first = chunks_.size() * per_chunk;
      grow();
      for (std::size_t i = 0; i < per_chunk; ++i) {
        number(chunks_.back()[i], first + i);
      }
    }
    return take();
  }

 private:
  static constexpr std::size_t per_chunk = 256;
  void grow() {
    chunks_.push_back(std::make_unique<T[]>(per_chunk));
    for (std::size_t i = per_chunk; i-- > 0;) {
      give_back(&chunks_.back()[i]);
    }
  }

  T* free_ = nullptr;
  std::vector<std::unique_ptr<T[]>> chunks_;
};

}  // namespace spawn
