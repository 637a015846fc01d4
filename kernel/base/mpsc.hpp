// Multi-producer single-consumer queue of intrusive nodes: one atomic exchange to push, none per
// element to drain. Unbounded by itself: what is pushed is counted (and refused) by its owner.
#pragma once
#include <atomic>

namespace spawn {

struct mpsc_node {
  mpsc_node* mpsc_next = nullptr;
};

class mpsc_queue {
 public:
  // True when the queue was empty before: the consumer has to be woken, if it sleeps. A consumer
  // that announces its sleep and then finds the queue empty is seen asleep by the next producer:
  // both sides are sequentially consistent. [any]
  bool push(mpsc_node* node) noexcept { return push_chain(node, node); }

  // Pushes newest..oldest, a chain linked through mpsc_next, as one step. [any]
  bool push_chain(mpsc_node* newest, mpsc_node* oldest) noexcept {
    mpsc_node* head = head_.load(std::memory_order_relaxed);
    do {
      oldest->mpsc_next = head;
    } while (!head_.compare_exchange_weak(head, newest, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
    return head == nullptr;
  }

  // Everything pushed so far, oldest first, linked through mpsc_next. [consumer]
  [[nodiscard]] mpsc_node* take_all() noexcept {
    mpsc_node* node = head_.exchange(nullptr, std::memory_order_acquire);
    mpsc_node* reversed = nullptr;
    while (node != nullptr) {
      mpsc_node* next = node->mpsc_next;
      node->mpsc_next = reversed;
      reversed = node;
      node = next;
    }
    return reversed;
  }

  [[nodiscard]] bool empty() const noexcept {
    return head_.load(std::memory_order_seq_cst) == nullptr;
  }

 private:
  std::atomic<mpsc_node*> head_{nullptr};
};

}  // namespace spawn
