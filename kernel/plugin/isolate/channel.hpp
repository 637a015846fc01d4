// Frames over a ring: what is sent whole arrives whole, in order.
#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

#include "plugin/isolate/ring.hpp"

namespace spawn::isolate {

// Tells the other process that there is something to look at: a write to an eventfd. [any]
void ring_bell(int fd) noexcept;
// Takes the rings that have been heard. [any]
void hush_bell(int fd) noexcept;

// What no frame is longer than; a peer that announces more is broken.
inline constexpr std::size_t frame_bytes_max = std::size_t{256} << 20;

// The sending side. What the ring has no room for waits in memory of this process and goes when the
// reader has made room, so that no call ever waits. [any] after bind().
class frame_sender {
 public:
  // `bell` rings the reader. Borrowed; not before the memory of an earlier ring is done with.
  void bind(ring_writer ring, int bell);
  void unbind();
  // False: not taken, since more than `waiting_max` bytes wait already, or nobody reads any more.
  [[nodiscard]] bool send(std::string_view frame, std::size_t waiting_max = frame_bytes_max);
  // The reader rang: goes on with what waits.
  void go_on();

 private:
  void put(std::string_view bytes);
  void put_waiting();

  std::mutex mutex_;
  ring_writer ring_;
  int bell_ = -1;
  std::deque<std::string> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t front_done_ = 0;
};

// The receiving side; one thread at a time.
class frame_receiver {
 public:
  frame_receiver() = default;
  frame_receiver(ring_reader ring, int bell) : ring_(ring), bell_(bell) {}

  // The next frame, if all of it is here. It may be kept until the next call.
  [[nodiscard]] bool next(std::string& frame);
  [[nodiscard]] bool sleep() noexcept { return ring_.sleep(); }
  [[nodiscard]] bool broken() const noexcept { return broken_ || ring_.broken(); }

 private:
  [[nodiscard]] bool fill();

  ring_reader ring_;
  int bell_ = -1;
  std::string head_;  // length, then nothing
  std::string body_;
  std::size_t length_ = 0;
  bool has_length_ = false;
  bool broken_ = false;
};

}  // namespace spawn::isolate
