// The way from one lane to another for messages between live actors: they go by the crate, so that
// a lane pays the other one's inbox, and its wake-up, once for many.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "lane/task.hpp"
#include "model/budget.hpp"
#include "spawn/plugin/live_actors.h"

namespace spawn {

class live_lane;
class live_line;
struct live_type;

// A tell, a question or an answer. In a crate its texts lie behind it: the name of the receiver, of
// the sender, the type URL and the value.
struct live_record {
  const live_type* type = nullptr;       // of the receiver; null: this is an answer
  const live_type* from_type = nullptr;  // null: no actor sent it
  std::uint64_t hash = 0;                // of the receiver's name
  std::uint64_t from_hash = 0;
  std::uint64_t token = 0;  // of the question on the asker's lane; 0: a tell
  std::uint64_t deadline_ns = 0;
  std::uint64_t type_url = 0;  // so many bytes of each text
  std::uint64_t value = 0;
  std::uint32_t action = 0;
  std::uint16_t name = 0;
  std::uint16_t from = 0;
  std::uint16_t status = SPAWN_OK;
  std::uint8_t presence = SPAWN_P_UNSET;

  [[nodiscard]] std::size_t size() const noexcept {
    const std::size_t bytes = sizeof(live_record) + name + from + type_url + value;
    return (bytes + alignof(live_record) - 1) & ~(alignof(live_record) - 1);
  }
};

// Owned by its line's lane, except between the post and the moment it is emptied there.
struct live_crate : task {
  explicit live_crate(live_line& of, std::size_t capacity_bytes);

  live_line& line;
  live_crate* next = nullptr;  // among those that came back, or wait for use
  const std::size_t capacity;
  std::size_t used = 0;
  const std::unique_ptr<std::byte[]> bytes;
};

// Life: made when the lanes are connected, lives until all of them have stopped. [lane] of the
// sender, but for gave_back().
class live_line {
 public:
  live_line(live_lane& from, live_lane& to, byte_budget& budget);
  ~live_line();
  live_line(const live_line&) = delete;
  live_line& operator=(const live_line&) = delete;

  // Packs a record and its texts. False: too much is on its way already, or the memory for requests
  // is used up; not of what `must` go, answers, whose number is that of the questions.
  [[nodiscard]] bool put(const live_record& record, std::string_view name, std::string_view from,
                         const spawn_payload& payload, bool must);
  // Posts what was packed.
  void send();

  [[nodiscard]] live_lane& from() const noexcept { return from_; }
  [[nodiscard]] live_lane& to() const noexcept { return to_; }
  // The receiver has emptied it. [lane] of the receiver
  void gave_back(live_crate& crate) noexcept;

 private:
  [[nodiscard]] live_crate* take(std::size_t bytes, bool must);
  void collect();
  void drop(live_crate* crate) noexcept;

  live_lane& from_;
  live_lane& to_;
  byte_budget& budget_;
  live_crate* open_ = nullptr;
  live_crate* spare_ = nullptr;
  std::uint32_t made_ = 0;
  std::uint32_t spares_ = 0;
  alignas(64) std::atomic<live_crate*> returned_{nullptr};
};

}  // namespace spawn
