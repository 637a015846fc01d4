#include "cell/cell_table.hpp"

#include "base/hash.hpp"

namespace spawn {

cell_table::cell_table() : buckets_(level_size_, nullptr) {}

cell_table::~cell_table() {
  for (cell* head : buckets_) {
    while (head != nullptr) {
      cell* next = head->next_;
      delete head;
      head = next;
    }
  }
}

std::uint64_t cell_table::hash_of(actor_view id) noexcept {
  return hash_bytes(id.parent, hash_pair(id.system, id.name));
}

std::size_t cell_table::bucket_of(std::uint64_t hash) const noexcept {
  const std::size_t at = hash & (level_size_ - 1);
  return at < next_split_ ? hash & (level_size_ * 2 - 1) : at;
}

cell* cell_table::find(actor_view id) const noexcept {
  const std::uint64_t hash = hash_of(id);
  for (cell* c = buckets_[bucket_of(hash)]; c != nullptr; c = c->next_) {
    if (c->hash_ == hash && c->id() == id) {
      return c;
    }
  }
  return nullptr;
}

cell& cell_table::insert(std::unique_ptr<cell> made) {
  cell& c = *made.release();
  cell*& head = buckets_[bucket_of(c.hash_)];
  c.next_ = head;
  head = &c;
  if (++size_ > buckets_.size()) {
    split_one();
  }
  return c;
}

void cell_table::split_one() {
  buckets_.push_back(nullptr);
  cell* head = std::exchange(buckets_[next_split_], nullptr);
  if (++next_split_ == level_size_) {
    level_size_ *= 2;
    next_split_ = 0;
  }
  while (head != nullptr) {
    cell* next = head->next_;
    cell*& to = buckets_[bucket_of(head->hash_)];
    head->next_ = to;
    to = head;
    head = next;
  }
}

void cell_table::erase(cell& which) noexcept {
  cell** link = &buckets_[bucket_of(which.hash_)];
  while (*link != &which) {
    link = &(*link)->next_;
  }
  *link = which.next_;
  --size_;
  delete &which;
}

}  // namespace spawn
