// The active actors of a lane, by full identity.
#pragma once
#include <cstdint>
#include <memory>

#include "base/linear_table.hpp"
#include "cell/cell.hpp"

namespace spawn {

// Owns the cells. [lane]
class cell_table {
 public:
  cell_table() = default;
  ~cell_table();
  cell_table(const cell_table&) = delete;
  cell_table& operator=(const cell_table&) = delete;

  [[nodiscard]] static std::uint64_t hash_of(actor_view id) noexcept;
  [[nodiscard]] cell* find(actor_view id) const noexcept;
  // The caller has made sure that no cell has this id.
  cell& insert(std::unique_ptr<cell> made);
  void erase(cell& which) noexcept;  // destroys it
  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }

  // f(cell&) for each; f must not insert or erase.
  template <class F>
  void for_each(F&& f) const {
    cells_.for_each(f);
  }
  // Up to `n` cells beginning at bucket `*cursor`, which moves on; for listings. Returns false once
  // all have been visited.
  template <class F>
  bool for_some(std::size_t* cursor, std::size_t n, F&& f) const {
    return cells_.for_some(cursor, n, f);
  }

 private:
  linear_table<cell, &cell::next_, &cell::hash_> cells_;
};

}  // namespace spawn
