// A message between live actors of one lane, and the memory it comes from.
#pragma once
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>

#include "model/budget.hpp"
#include "native/chunk_pool.hpp"
#include "spawn/plugin/live_actors.h"

namespace spawn {

struct live_address;

// One cache line; what is longer than `near` lies in a block of its own.
struct alignas(64) live_mail {
  static constexpr std::size_t near_max = 24;

  live_mail* next = nullptr;
  live_address* from = nullptr;  // held; null: no live actor of this instance
  std::uint64_t token = 0;
  std::uint32_t action = 0;
  std::uint8_t kind = SPAWN_LIVE_TELL;
  std::uint8_t presence = SPAWN_P_UNSET;
  std::uint16_t status = SPAWN_OK;
  std::uint32_t type_url = 0;  // so many bytes of it, then so many of the value
  std::uint32_t value = 0;
  union {
    char near[near_max];
    char* far;
  };

  [[nodiscard]] std::size_t far_bytes() const noexcept {
    const std::size_t bytes = std::size_t{type_url} + value;
    return bytes > near_max ? bytes : 0;
  }
  [[nodiscard]] const char* bytes() const noexcept { return far_bytes() == 0 ? near : far; }
  [[nodiscard]] spawn_payload payload() const noexcept {
    const char* at = bytes();
    return {presence, 0, {at, type_url}, {at + type_url, value}};
  }
};
static_assert(sizeof(live_mail) == 64);

// Mails of one lane. What it holds is charged to the process-wide budget by the megabyte. [lane]
class live_mail_pool {
 public:
  explicit live_mail_pool(byte_budget& budget) : budget_(budget) {}
  live_mail_pool(const live_mail_pool&) = delete;
  live_mail_pool& operator=(const live_mail_pool&) = delete;
  ~live_mail_pool() { budget_.give_back(granted_); }

  // With a copy of the payload; the rest is the caller's to fill. Null: the budget is used up (but
  // not when `must` be), or the payload has 4 GiB or more.
  [[nodiscard]] live_mail* take(const spawn_payload& payload, bool must) {
    const std::uint64_t bytes = payload.type_url.len + payload.value.len;
    const std::size_t far = bytes > live_mail::near_max ? bytes : 0;
    if (bytes > std::numeric_limits<std::uint32_t>::max() || !charge(sizeof(live_mail) + far, must))
        [[unlikely]] {
      return nullptr;
    }
    live_mail* out = mails_.take();
    out->next = nullptr;
    out->presence = static_cast<std::uint8_t>(payload.presence);
    out->type_url = static_cast<std::uint32_t>(payload.type_url.len);
    out->value = static_cast<std::uint32_t>(payload.value.len);
    char* to = out->near;
    if (far != 0) {
      to = out->far = static_cast<char*>(::operator new(far));
    }
    if (payload.type_url.len != 0) {
      std::memcpy(to, payload.type_url.ptr, payload.type_url.len);
    }
    if (payload.value.len != 0) {
      std::memcpy(to + payload.type_url.len, payload.value.ptr, payload.value.len);
    }
    return out;
  }
  void give_back(live_mail* mail) noexcept {
    const std::size_t far = mail->far_bytes();
    if (far != 0) {
      ::operator delete(mail->far);
    }
    mails_.give_back(mail);
    used_ -= sizeof(live_mail) + far;
    if (granted_ - used_ > 2 * grant) [[unlikely]] {
      granted_ -= grant;
      budget_.give_back(grant);
    }
  }

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
