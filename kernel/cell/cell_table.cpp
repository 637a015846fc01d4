#include "cell/cell_table.hpp"

#include "base/hash.hpp"

namespace spawn {

cell_table::~cell_table() {
  cells_.for_each([](cell& each) { delete &each; });
}

std::uint64_t cell_table::hash_of(actor_view id) noexcept {
  return hash_bytes(id.parent, hash_pair(id.system, id.name));
}

cell* cell_table::find(actor_view id) const noexcept {
  return cells_.find(hash_of(id), [&](const cell& c) { return c.id() == id; });
}

cell& cell_table::insert(std::unique_ptr<cell> made) {
  cell& c = *made.release();
  cells_.insert(c);
  return c;
}

void cell_table::erase(cell& which) noexcept {
  cells_.remove(which);
  delete &which;
}

}  // namespace spawn
