#include "plugin/isolate/channel.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace spawn::isolate {

namespace {

using length_word = std::uint32_t;

}  // namespace

void ring_bell(int fd) noexcept {
  const std::uint64_t one = 1;
  // It can only fail when the counter is full: then the bell rings already.
  static_cast<void>(!::write(fd, &one, sizeof one));
}

void hush_bell(int fd) noexcept {
  std::uint64_t heard = 0;
  static_cast<void>(!::read(fd, &heard, sizeof heard));
}

void frame_sender::bind(ring_writer ring, int bell) {
  const std::lock_guard hold(mutex_);
  ring_ = ring;
  bell_ = bell;
  waiting_.clear();
  waiting_bytes_ = 0;
  front_done_ = 0;
}

void frame_sender::unbind() {
  bind({}, -1);
}

void frame_sender::put(std::string_view bytes) {
  std::size_t done = 0;
  if (waiting_.empty()) {
    done = ring_.write(std::as_bytes(std::span(bytes)));
  }
  if (done < bytes.size()) {
    waiting_.emplace_back(bytes.substr(done));
    waiting_bytes_ += bytes.size() - done;
  }
}

bool frame_sender::send(std::string_view frame, std::size_t waiting_max) {
  const std::lock_guard hold(mutex_);
  if (bell_ < 0 || ring_.broken() || frame.size() > frame_bytes_max ||
      (!waiting_.empty() && waiting_bytes_ + frame.size() > waiting_max)) {
    return false;
  }
  const auto length = static_cast<length_word>(frame.size());
  std::array<char, sizeof length> head;
  std::memcpy(head.data(), &length, sizeof length);
  put({head.data(), head.size()});
  put(frame);
  if (ring_.must_ring()) {
    ring_bell(bell_);
  }
  return true;
}

void frame_sender::put_waiting() {
  while (!waiting_.empty()) {
    const std::string_view rest = std::string_view(waiting_.front()).substr(front_done_);
    const std::size_t n = ring_.write(std::as_bytes(std::span(rest)));
    waiting_bytes_ -= n;
    if (n < rest.size()) {
      front_done_ += n;
      return;
    }
    front_done_ = 0;
    waiting_.pop_front();
  }
}

void frame_sender::go_on() {
  const std::lock_guard hold(mutex_);
  if (bell_ < 0 || waiting_.empty()) {
    return;
  }
  put_waiting();
  if (ring_.must_ring()) {
    ring_bell(bell_);
  }
}

bool frame_receiver::fill() {
  std::array<std::byte, 16 * 1024> piece;
  std::string& to = has_length_ ? body_ : head_;
  const std::size_t wanted = has_length_ ? length_ : sizeof(length_word);
  while (to.size() < wanted) {
    const std::size_t n =
        ring_.read(std::span(piece).first(std::min(piece.size(), wanted - to.size())));
    if (n == 0) {
      return false;
    }
    to.append(reinterpret_cast<const char*>(piece.data()), n);
    if (ring_.must_ring()) {
      ring_bell(bell_);
    }
  }
  return true;
}

bool frame_receiver::next(std::string& frame) {
  if (broken() || !fill()) {
    return false;
  }
  if (!has_length_) {
    length_word length = 0;
    std::memcpy(&length, head_.data(), sizeof length);
    head_.clear();
    if (length > frame_bytes_max) {
      broken_ = true;
      return false;
    }
    length_ = length;
    has_length_ = true;
    body_.clear();
    if (!fill()) {
      return false;
    }
  }
  has_length_ = false;
  frame.swap(body_);
  return true;
}

}  // namespace spawn::isolate
