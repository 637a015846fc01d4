// Answers on their way from a lane to the session thread: what the actor said to a message whose
// sender waits. Bounded by the window.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <utility>

#include "intake.hpp"
#include "session-common/inbox.hpp"

namespace nats_source {

class reply_box {
 public:
  // Keeps what final ACKs carry. [lane]
  void put(std::span<const spawn_settle* const> verdicts) {
    using spawn::plugin::text;
    const std::lock_guard hold(mutex_);
    for (const spawn_settle* one : verdicts) {
      if (one->verdict == SPAWN_EXTEND) {
        continue;
      }
      reply_text& out = kept_[one->token];
      out.status = one->status;
      out.payload = text(one->reply.value);
      out.error = text(one->error);
      if (one->reply.type_url.len != 0) {
        out.headers.emplace_back("spawn-type-url", text(one->reply.type_url));
      }
      for (const spawn_kv& kv : std::span(one->reply_headers, one->n_reply_headers)) {
        out.headers.emplace_back(text(kv.key), text(kv.value));
      }
    }
  }
  // [session thread]
  [[nodiscard]] std::optional<reply_text> take(std::uint64_t token) {
    const std::lock_guard hold(mutex_);
    auto node = kept_.extract(token);
    return node.empty() ? std::nullopt : std::optional(std::move(node.mapped()));
  }

 private:
  std::mutex mutex_;
  std::map<std::uint64_t, reply_text> kept_;
};

// Lane 0 of an activator whose messages may want an answer. Borrows both.
class replying_lane {
 public:
  replying_lane(spawn::plugin::session_inbox& orders, reply_box* replies)
      : orders_(orders), inner_(orders), replies_(replies) {}
  void set_window(std::uint32_t window, bool pause) { inner_.set_window(window, pause); }
  void settle(std::span<const spawn_settle* const> verdicts) {
    if (replies_ != nullptr) {
      replies_->put(verdicts);  // before the session can look for them
    }
    orders_.settle(verdicts);
  }

 private:
  spawn::plugin::session_inbox& orders_;
  spawn::plugin::inbox_lane inner_;
  reply_box* replies_;  // null: nobody ever waits
};

}  // namespace nats_source
