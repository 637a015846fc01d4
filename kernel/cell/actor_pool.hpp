// POOLED actors: stateless calls in parallel, up to a bound (protocol.md 5.11 [K], D5).
#pragma once
#include <list>
#include <memory>
#include <string>
#include <unordered_set>

#include "cell/cell_lane.hpp"

namespace spawn {

// One per pooled type on the lane of its name. Nothing is loaded, kept or saved. [lane]
class actor_pool {
 public:
  actor_pool(cell_services& services, const cell_options& options, actor_type& type)
      : s_(services), options_(options), type_(type) {}
  actor_pool(const actor_pool&) = delete;
  actor_pool& operator=(const actor_pool&) = delete;
  ~actor_pool();

  // Runs it now or once a place is free; refused beyond the type's mailbox bound.
  void deliver(invocation_ptr message);
  struct load {
    std::uint32_t running = 0;  // at the host
    std::uint32_t waiting = 0;  // for a place
  };
  [[nodiscard]] load under_way() const noexcept { return {running_, waiting_count_}; }

 private:
  struct call;
  void start(invocation_ptr message);
  void ended(call& finished);
  void succeeded(call& finished);
  void expire(invocation& waiting);
  void fail_call(invocation_ptr message, failure why, std::string text);
  void kept_back(call& finished);
  void fail_row(invocation_ptr message, failure why, const std::string& text);
  [[nodiscard]] invocation_ptr end_of(const invocation& message, const outcome& answer,
                                      bool goes_on);
  void consume(const message_row& row, const outcome& how, invocation_ptr end);
  // A row that waits for its next attempt.
  struct delayed : timer {
    actor_pool* pool = nullptr;
    invocation_ptr message;
    bool is_taken = false;  // its key is in taken_ meanwhile
  };
  void deliver_later(invocation_ptr message, std::uint64_t after_ms, bool is_taken);

  cell_services& s_;
  const cell_options& options_;
  actor_type& type_;
  std::uint32_t running_ = 0;
  std::uint32_t waiting_count_ = 0;
  intrusive_list<invocation, mailbox_tag> waiting_;
  // Keys of message rows that are here: a scan may bring them again.
  std::unordered_set<std::string, text_hash, std::equal_to<>> taken_;
  std::list<std::unique_ptr<delayed>> delayed_;
};

// What a caller is told whose chain is too long.
[[nodiscard]] outcome hop_limit_reached(const cell_options& options);
// Sends a turn's effects and broadcasts, then its route or its answer: the order of
// protocol.md 6.6.
void release_turn(cell_services& services, const cell_options& options, finished_turn& ended);

}  // namespace spawn
