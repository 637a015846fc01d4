// A hash table that grows one bucket per insertion, so a million entries never cost one long pause.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace spawn {

// Linear hashing over intrusive chains: T has a link and its hash as members. Borrows its entries.
// Not thread-safe.
template <class T, T* T::* Next, std::uint64_t T::* Hash>
class linear_table {
 public:
  // The entry with this hash of which is(entry) holds, or null.
  template <class Is>
  [[nodiscard]] T* find(std::uint64_t hash, Is&& is) const {
    for (T* at = buckets_[bucket_of(hash)]; at != nullptr; at = at->*Next) {
      if (at->*Hash == hash && is(*at)) {
        return at;
      }
    }
    return nullptr;
  }
  // Its hash is set; the caller has made sure that it is not there.
  void insert(T& entry) {
    push(entry);
    if (++size_ > buckets_.size()) {
      split_one();
    }
  }
  void remove(T& entry) noexcept {
    T** link = &buckets_[bucket_of(entry.*Hash)];
    while (*link != &entry) {
      link = &((*link)->*Next);
    }
    *link = entry.*Next;
    --size_;
  }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  // f(entry) for each; f may remove or destroy the entry it is given, nothing else.
  template <class F>
  void for_each(F&& f) const {
    for (T* head : buckets_) {
      visit(head, f);
    }
  }
  // Buckets from *cursor on, which moves, until `n` buckets and entries have been seen; f as above.
  // An empty bucket is a step too, so that a huge empty table is no long walk. False once all have
  // been visited.
  template <class F>
  bool for_some(std::size_t* cursor, std::size_t n, F&& f) const {
    for (std::size_t seen = 0; *cursor < buckets_.size() && seen < n; ++*cursor, ++seen) {
      visit(buckets_[*cursor], [&](T& entry) {
        f(entry);
        ++seen;
      });
    }
    return *cursor < buckets_.size();
  }

 private:
  template <class F>
  static void visit(T* head, F&& f) {
    while (head != nullptr) {
      T* next = head->*Next;
      f(*head);
      head = next;
    }
  }
  [[nodiscard]] std::size_t bucket_of(std::uint64_t hash) const noexcept {
    const std::size_t at = hash & (level_size_ - 1);
    return at < next_split_ ? hash & (level_size_ * 2 - 1) : at;
  }
  void push(T& entry) noexcept {
    T*& head = buckets_[bucket_of(entry.*Hash)];
    entry.*Next = head;
    head = &entry;
  }
  void split_one() {
    buckets_.push_back(nullptr);
    T* head = std::exchange(buckets_[next_split_], nullptr);
    if (++next_split_ == level_size_) {
      level_size_ *= 2;
      next_split_ = 0;
    }
    visit(head, [this](T& entry) { push(entry); });
  }

  std::size_t level_size_ = 16;  // buckets at the start of this round of splits
  std::deque<T*> buckets_ = std::deque<T*>(16, nullptr);
  std::size_t next_split_ = 0;
  std::size_t size_ = 0;
};

}  // namespace spawn
