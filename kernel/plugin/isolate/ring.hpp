// A stream of bytes from one process to another, in memory that both have.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace spawn::isolate {

// The words that both sides see. Each side keeps its own place apart and only tells it here, so
// that what the other side writes into this memory can stop the stream but not mislead it.
struct ring_words {
  alignas(64) std::atomic<std::uint64_t> written;  // bytes put in so far; the writer's
  alignas(64) std::atomic<std::uint64_t> taken;    // bytes taken out so far; the reader's
  alignas(64) std::atomic<std::uint32_t> reader_sleeps;
  std::atomic<std::uint32_t> writer_waits;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// One writer and one reader, each on one thread at a time; no call waits. The memory has to be
// zeroed and outlive both.
class ring_writer {
 public:
  ring_writer() = default;
  ring_writer(ring_words& words, std::span<std::byte> bytes) : words_(&words), bytes_(bytes) {}

  // Puts in what there is room for and returns how much that was. Less than all: the reader will
  // ring when it has made room.
  [[nodiscard]] std::size_t write(std::span<const std::byte> from) noexcept;
  // True, once, when the reader sleeps and has to be rung for.
  [[nodiscard]] bool must_ring() noexcept;
  // The other side has written nonsense: nothing can be sent any more.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  [[nodiscard]] std::size_t put(std::span<const std::byte> from) noexcept;

  ring_words* words_ = nullptr;
  std::span<std::byte> bytes_;  // a power of two
  std::uint64_t written_ = 0;
  bool broken_ = false;
};

class ring_reader {
 public:
  ring_reader() = default;
  ring_reader(ring_words& words, std::span<const std::byte> bytes)
      : words_(&words), bytes_(bytes) {}

  // Copies what is there, at most `to`, and returns how much that was.
  [[nodiscard]] std::size_t read(std::span<std::byte> to) noexcept;
  // True, once, when the writer waits for the room that read() has made.
  [[nodiscard]] bool must_ring() noexcept;
  // Says that this side is going to sleep. False: there is something to read, do that first.
  [[nodiscard]] bool sleep() noexcept;
  [[nodiscard]] bool broken() const noexcept { return broken_; }

 private:
  [[nodiscard]] std::size_t available() noexcept;

  ring_words* words_ = nullptr;
  std::span<const std::byte> bytes_;
  std::uint64_t taken_ = 0;
  bool broken_ = false;
};

}  // namespace spawn::isolate
