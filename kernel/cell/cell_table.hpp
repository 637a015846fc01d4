// The active actors of a lane, by full identity.
#pragma once
#include <cstdint>
#include <deque>

#include "cell/cell.hpp"

namespace spawn {

// Linear hashing: grows one bucket per insertion, so a million cells never cost one long pause.
// Owns the cells. [lane]
class cell_table {
 public:
  cell_table();
  ~cell_table();
  cell_table(const cell_table&) = delete;
  cell_table& operator=(const cell_table&) = delete;

  [[nodiscard]] static std::uint64_t hash_of(actor_view id) noexcept;
  [[nodiscard]] cell* find(actor_view id) const noexcept;
  // The caller has made sure that no cell has this id.
  cell& insert(std::unique_ptr<cell> made);
  void erase(cell& which) noexcept;  // destroys it
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // f(cell&) for each; f must not insert or erase.
  template <class F>
  void for_each(F&& f) const {
    for (cell* head : buckets_) {
      for (cell* c = head; c != nullptr; c = c->next_) {
        f(*c);
      }
    }
  }
  // Up to `n` cells beginning at bucket `*cursor`, which moves on; for listings. Returns false once
  // all have been visited.
  template <class F>
  bool for_some(std::size_t* cursor, std::size_t n, F&& f) const {
    // An empty bucket is a step too, so that a huge empty table is no long walk.
    for (std::size_t seen = 0; *cursor < buckets_.size() && seen < n; ++*cursor, ++seen) {
      for (cell* c = buckets_[*cursor]; c != nullptr; c = c->next_, ++seen) {
        f(*c);
      }
    }
    return *cursor < buckets_.size();
  }

 private:
  [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const noexcept;
  void split_one();

  std::size_t level_size_ = 16;  // buckets at the start of this round of splits
  std::deque<cell*> buckets_;
  std::size_t next_split_ = 0;
  std::size_t size_ = 0;
};

}  // namespace spawn
