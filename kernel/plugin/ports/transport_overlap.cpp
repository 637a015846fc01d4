#include "plugin/ports/transport_overlap.hpp"

#include <functional>

#include "base/clock.hpp"

namespace spawn {
namespace {

std::uint64_t fingerprint(const transport_message& of) {
  std::uint64_t out = 0;
  const auto add = [&](std::string_view part) {
    // Sizes too, so that parts can not run into each other.
    for (const std::uint64_t each : {std::hash<std::string_view>{}(part), part.size()}) {
      out = (out ^ each) * 0x9E37'79B9'7F4A'7C15u;
      out ^= out >> 29;
    }
  };
  add(of.subject);
  for (const auto& [key, value] : of.headers) {
    add(key);
    add(value);
  }
  add(of.payload);
  return out;
}

}  // namespace

void transport_overlap::from_old(const transport_message& message) {
  if (seen_count_ < seen_max) {
    ++seen_[fingerprint(message)];
    ++seen_count_;
  }
}

bool transport_overlap::take_double(const transport_message& message) {
  if (seen_count_ == 0) {
    return false;
  }
  const auto found = seen_.find(fingerprint(message));
  if (found == seen_.end()) {
    return false;
  }
  --seen_count_;
  ++doubles_;
  if (--found->second == 0) {
    seen_.erase(found);
  }
  return true;
}

std::optional<transport_message> transport_overlap::from_new(transport_message message,
                                                             std::uint64_t now_ns) {
  if (waits()) {
    if (held_.size() < held_max) {
      held_.push_back(std::move(message));
    } else {
      ++lost_;
    }
    return std::nullopt;
  }
  if (!is_over(now_ns) && take_double(message)) {
    return std::nullopt;
  }
  return message;
}

std::vector<transport_message> transport_overlap::old_ended(std::uint64_t now_ns) {
  std::vector<transport_message> out;
  ended_ns_ = now_ns;
  for (transport_message& each : std::exchange(held_, {})) {
    if (!take_double(each)) {
      out.push_back(std::move(each));
    }
  }
  return out;
}

bool transport_overlap::is_over(std::uint64_t now_ns) const noexcept {
  return ended_ns_ && (seen_count_ == 0 || now_ns >= *ended_ns_ + grace_ms * ns_per_ms);
}

}  // namespace spawn
