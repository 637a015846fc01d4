#include "plugin/isolate/ring.hpp"

#include <algorithm>
#include <cstring>

namespace spawn::isolate {

std::size_t ring_writer::put(std::span<const std::byte> from) noexcept {
  const std::uint64_t used = written_ - words_->taken.load(std::memory_order_seq_cst);
  if (used > bytes_.size()) {
    broken_ = true;
  }
  if (broken_) {
    return 0;
  }
  const std::size_t n = std::min<std::size_t>(from.size(), bytes_.size() - used);
  const std::size_t at = written_ & (bytes_.size() - 1);
  const std::size_t first = std::min(n, bytes_.size() - at);
  if (n != 0) {
    std::memcpy(bytes_.data() + at, from.data(), first);
    std::memcpy(bytes_.data(), from.data() + first, n - first);
    written_ += n;
    words_->written.store(written_, std::memory_order_seq_cst);
  }
  return n;
}

std::size_t ring_writer::write(std::span<const std::byte> from) noexcept {
  std::size_t done = put(from);
  if (done < from.size() && !broken_) {
    words_->writer_waits.store(1, std::memory_order_seq_cst);
    done += put(from.subspan(done));  // room that was made before the reader could see the flag
  }
  return done;
}

bool ring_writer::must_ring() noexcept {
  return words_->reader_sleeps.load(std::memory_order_seq_cst) != 0 &&
         words_->reader_sleeps.exchange(0, std::memory_order_seq_cst) != 0;
}

std::size_t ring_reader::available() noexcept {
  const std::uint64_t n = words_->written.load(std::memory_order_seq_cst) - taken_;
  if (n > bytes_.size()) {
    broken_ = true;
  }
  return broken_ ? 0 : n;
}

std::size_t ring_reader::read(std::span<std::byte> to) noexcept {
  const std::size_t n = std::min(to.size(), available());
  const std::size_t at = taken_ & (bytes_.size() - 1);
  const std::size_t first = std::min(n, bytes_.size() - at);
  if (n != 0) {
    std::memcpy(to.data(), bytes_.data() + at, first);
    std::memcpy(to.data() + first, bytes_.data(), n - first);
    taken_ += n;
    words_->taken.store(taken_, std::memory_order_seq_cst);
  }
  return n;
}

bool ring_reader::must_ring() noexcept {
  return words_->writer_waits.load(std::memory_order_seq_cst) != 0 &&
         words_->writer_waits.exchange(0, std::memory_order_seq_cst) != 0;
}

bool ring_reader::sleep() noexcept {
  words_->reader_sleeps.store(1, std::memory_order_seq_cst);
  if (available() == 0) {
    return true;
  }
  words_->reader_sleeps.store(0, std::memory_order_seq_cst);
  return false;
}

}  // namespace spawn::isolate
