// Doubly linked list whose links live in the elements: no allocation, O(1) unlink.
#pragma once
#include <cstddef>

#include "base/assert.hpp"

namespace spawn {

// Base of an element. Tag tells lists apart when one object is in several. Unlinks itself when
// destroyed. Not thread-safe.
template <class Tag = void>
class list_hook {
 public:
  list_hook() noexcept = default;
  list_hook(const list_hook&) = delete;
  list_hook& operator=(const list_hook&) = delete;
  ~list_hook() { unlink(); }
  [[nodiscard]] bool is_linked() const noexcept { return next_ != nullptr; }
  void unlink() noexcept {
    if (next_ == nullptr) {
      return;
    }
    prev_->next_ = next_;
    next_->prev_ = prev_;
    next_ = prev_ = nullptr;
  }

 private:
  template <class T, class U>
  friend class intrusive_list;
  list_hook* next_ = nullptr;
  list_hook* prev_ = nullptr;
};

// Borrows its elements; does not own them. The list must outlive none of them: an element may die
// first (it unlinks), and a dying list unlinks whatever is still in it.
template <class T, class Tag = void>
class intrusive_list {
  using hook = list_hook<Tag>;

 public:
  intrusive_list() noexcept { head_.next_ = head_.prev_ = &head_; }
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;
  ~intrusive_list() {
    while (!empty()) {
      head_.next_->unlink();
    }
    head_.next_ = head_.prev_ = nullptr;
  }

  [[nodiscard]] bool empty() const noexcept { return head_.next_ == &head_; }
  void push_back(T& element) noexcept { insert_before(&head_, element); }
  void push_front(T& element) noexcept { insert_before(head_.next_, element); }
  [[nodiscard]] T* front() noexcept { return empty() ? nullptr : cast(head_.next_); }
  [[nodiscard]] T* back() noexcept { return empty() ? nullptr : cast(head_.prev_); }
  [[nodiscard]] T* pop_front() noexcept {
    if (empty()) {
      return nullptr;
    }
    hook* h = head_.next_;
    h->unlink();
    return cast(h);
  }
  // Moves all elements of `other` to the end of this list, in order.
  void splice_back(intrusive_list& other) noexcept {
    if (other.empty()) {
      return;
    }
    hook* first = other.head_.next_;
    hook* last = other.head_.prev_;
    other.head_.next_ = other.head_.prev_ = &other.head_;
    first->prev_ = head_.prev_;
    head_.prev_->next_ = first;
    last->next_ = &head_;
    head_.prev_ = last;
  }
  // Moves all elements of `other` before those of this list, in order.
  void splice_front(intrusive_list& other) noexcept {
    intrusive_list rest;
    rest.splice_back(*this);
    splice_back(other);
    splice_back(rest);
  }
  // Calls f(element) for each; f may unlink the element it is given.
  template <class F>
  void for_each(F&& f) {
    for (hook* h = head_.next_; h != &head_;) {
      hook* next = h->next_;
      f(*cast(h));
      h = next;
    }
  }

 private:
  static T* cast(hook* h) noexcept { return static_cast<T*>(h); }
  void insert_before(hook* at, T& element) noexcept {
    hook* h = static_cast<hook*>(&element);
    SPAWN_DCHECK(!h->is_linked(), "element is in a list already");
    h->next_ = at;
    h->prev_ = at->prev_;
    at->prev_->next_ = h;
    at->prev_ = h;
  }
  hook head_;
};

}  // namespace spawn
