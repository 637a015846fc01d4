// A message between live actors of one lane, and the memory it comes from.
#pragma once
#include <cstdint>
#include <cstring>
#include <new>

#include "model/budget.hpp"
#include "native/chunk_pool.hpp"
#include "spawn/plugin/live_actors.h"

namespace spawn {

// Two cache lines; what is longer lies in a block of its own.
struct live_mail {
  static constexpr std::size_t near_max = 56;

  live_mail* next = nullptr;
  spawn_live_message message{};
  char near[near_max];

  [[nodiscard]] std::size_t size() const noexcept {
    return message.payload.type_url.len + message.payload.value.len;
  }
};
static_assert(sizeof(live_mail) == 128);

// Mails of one lane. What it holds is charged to the process-wide budget by the megabyte. [lane]
class live_mail_pool {
 public:
  explicit live_mail_pool(byte_budget& budget) : budget_(budget) {}
  live_mail_pool(const live_mail_pool&) = delete;
  live_mail_pool& operator=(const live_mail_pool&) = delete;
  ~live_mail_pool() { budget_.give_back(granted_); }

  // With a copy of the payload. Null: the budget is used up; never when `must` be.
  [[nodiscard]] live_mail* take(const spawn_payload& payload, bool must) {
    const std::size_t bytes = payload.type_url.len + payload.value.len;
    const std::size_t far = bytes > live_mail::near_max ? bytes : 0;
    if (!charge(sizeof(live_mail) + far, must)) [[unlikely]] {
      return nullptr;
    }
    live_mail* out = mails_.take();
    out->next = nullptr;
    char* to = far == 0 ? out->near : static_cast<char*>(::operator new(far));
    out->message.payload = payload;
    out->message.payload.type_url.ptr = to;
    out->message.payload.value.ptr = to + payload.type_url.len;
    if (payload.type_url.len != 0) {
      std::memcpy(to, payload.type_url.ptr, payload.type_url.len);
    }
    if (payload.value.len != 0) {
      std::memcpy(to + payload.type_url.len, payload.value.ptr, payload.value.len);
    }
    return out;
  }
  void give_back(live_mail* mail) noexcept {
    const std::size_t bytes = mail->size();
    const std::size_t far = bytes > live_mail::near_max ? bytes : 0;
    if (far != 0) {
      ::operator delete(const_cast<void*>(mail->message.payload.type_url.ptr));
    }
    mails_.give_back(mail);
    used_ -= sizeof(live_mail) + far;
    if (granted_ - used_ > 2 * grant) [[unlikely]] {
      granted_ -= grant;
      budget_.give_back(grant);
    }
  }
  [[nodiscard]] std::size_t bytes_used() const noexcept { return used_; }

 private:
  static constexpr std::size_t grant = 1 << 20;

  [[nodiscard]] bool charge(std::size_t bytes, bool must) noexcept {
    used_ += bytes;
    while (used_ > granted_) [[unlikely]] {
      if (must) {
        budget_.take(grant);
      } else if (!budget_.try_take(grant)) {
        used_ -= bytes;
        return false;
      }
      granted_ += grant;
    }
    return true;
  }

  byte_budget& budget_;
  std::size_t used_ = 0;
  std::size_t granted_ = 0;
  chunk_pool<live_mail, &live_mail::next> mails_;
};

}  // namespace spawn
