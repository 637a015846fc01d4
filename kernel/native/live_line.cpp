#include "native/live_line.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "native/live_lane.hpp"

namespace spawn {
namespace {

constexpr std::size_t crate_bytes = 8 * 1024;  // one that holds more is made for it alone
constexpr std::uint32_t crates_max = 256;      // of a line, on their way
constexpr std::uint32_t spares_max = 2;        // the rest of those that came back is let go

std::byte* copy(std::byte* to, std::string_view text) noexcept {
  if (!text.empty()) {
    std::memcpy(to, text.data(), text.size());
  }
  return to + text.size();
}

}  // namespace

live_crate::live_crate(live_line& of, std::size_t capacity_bytes)
    : line(of), capacity(capacity_bytes), bytes(new std::byte[capacity_bytes]) {
  run = [](task& t) {
    auto& self = static_cast<live_crate&>(t);
    self.line.to().unpack(self);
    self.line.gave_back(self);
  };
}

live_line::live_line(live_lane& from, live_lane& to, byte_budget& budget)
    : from_(from), to_(to), budget_(budget) {}

live_line::~live_line() {
  collect();
  drop(open_);
  while (live_crate* each = spare_) {
    spare_ = each->next;
    drop(each);
  }
}

bool live_line::put(const live_record& record, std::string_view name, std::string_view from,
                    const spawn_payload& payload, bool must) {
  const std::size_t bytes = record.size();
  if (open_ != nullptr && open_->capacity - open_->used < bytes) {
    send();
  }
  if (open_ == nullptr) {
    open_ = take(bytes, must);
    if (open_ == nullptr) {
      return false;
    }
  }
  std::byte* at = open_->bytes.get() + open_->used;
  open_->used += bytes;
  ::new (at) live_record(record);
  at = copy(copy(at + sizeof record, name), from);
  copy(copy(at, view_of(payload.type_url)), view_of(payload.value));
  return true;
}

void live_line::send() {
  if (live_crate* full = std::exchange(open_, nullptr)) {
    from_.post_to(to_, *full);
  }
}

live_crate* live_line::take(std::size_t bytes, bool must) {
  collect();
  if (spare_ != nullptr && bytes <= crate_bytes) {
    --spares_;
    live_crate* out = spare_;
    spare_ = out->next;
    return out;
  }
  const std::size_t capacity = std::max(bytes, crate_bytes);
  if (must) {
    budget_.take(capacity);
  } else if (made_ - spares_ >= crates_max || !budget_.try_take(capacity)) {
    return nullptr;
  }
  ++made_;
  return new live_crate(*this, capacity);
}

void live_line::gave_back(live_crate& crate) noexcept {
  crate.next = returned_.load(std::memory_order_relaxed);
  while (!returned_.compare_exchange_weak(crate.next, &crate, std::memory_order_release,
                                          std::memory_order_relaxed)) {
  }
}

void live_line::collect() {
  if (returned_.load(std::memory_order_relaxed) == nullptr) {
    return;
  }
  for (live_crate* each = returned_.exchange(nullptr, std::memory_order_acquire);
       each != nullptr;) {
    live_crate* const next = each->next;
    if (each->capacity != crate_bytes || spares_ == spares_max) {
      drop(each);
    } else {
      each->used = 0;
      each->next = spare_;
      spare_ = each;
      ++spares_;
    }
    each = next;
  }
}

void live_line::drop(live_crate* crate) noexcept {
  if (crate != nullptr) {
    budget_.give_back(crate->capacity);
    --made_;
    delete crate;
  }
}

}  // namespace spawn
