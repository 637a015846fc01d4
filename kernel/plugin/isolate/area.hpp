// The memory that a kernel and a plugin's process share, and the bells between them.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "plugin/isolate/channel.hpp"

namespace spawn::isolate {

// Number of the layout below and of the frames (frames.hpp). Both programs are of one build or do
// not talk.
inline constexpr std::uint32_t protocol_version = 1;
inline constexpr std::size_t ring_bytes = std::size_t{1} << 20;
// File descriptors of the child: memory, the kernel's bell, then its own bells, one per channel.
inline constexpr int memory_fd = 3;
inline constexpr int kernel_bell_fd = 4;
inline constexpr int first_bell_fd = 5;

// The clock of a host that has one of its own, such as a test's: told with each call. Not used
// where host and child read the machine's.
struct told_time {
  std::atomic<std::uint32_t> is_told;
  std::atomic<std::uint64_t> now_ns;
  std::atomic<std::int64_t> unix_ms;
};

// The machine's clock, or what the host tells.
class child_clock final : public clock {
 public:
  explicit child_clock(const told_time& told) : told_(told) {}
  [[nodiscard]] std::uint64_t now_ns() const noexcept override {
    return told_.is_told.load() != 0 ? told_.now_ns.load() : machine_.now_ns();
  }
  [[nodiscard]] std::int64_t unix_ms() const noexcept override {
    return told_.is_told.load() != 0 ? told_.unix_ms.load() : machine_.unix_ms();
  }

 private:
  const told_time& told_;
  system_clock machine_;
};

// Two rings per channel, one each way. Channel 0 is the instance's life, the others are lanes.
class shared_area {
 public:
  // A sealed memfd: it can not shrink under a reader. [control]
  [[nodiscard]] static result<std::unique_ptr<shared_area>> make(std::uint32_t channels);
  // In the child: checks that it is one of this version.
  [[nodiscard]] static result<std::unique_ptr<shared_area>> attach(int fd);
  ~shared_area();
  shared_area(const shared_area&) = delete;
  shared_area& operator=(const shared_area&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] std::uint32_t channels() const noexcept { return channels_; }
  [[nodiscard]] told_time& time() const noexcept;
  [[nodiscard]] ring_writer writer(std::uint32_t channel, bool to_child) const noexcept;
  [[nodiscard]] ring_reader reader(std::uint32_t channel, bool to_child) const noexcept;

 private:
  shared_area(int fd, std::uint32_t channels, std::byte* at, std::size_t bytes)
      : fd_(fd), channels_(channels), at_(at), bytes_(bytes) {}
  [[nodiscard]] ring_words& words(std::uint32_t channel, bool to_child) const noexcept;
  [[nodiscard]] std::span<std::byte> bytes(std::uint32_t channel, bool to_child) const noexcept;

  int fd_;
  std::uint32_t channels_;
  std::byte* at_;
  std::size_t bytes_;
};

}  // namespace spawn::isolate
