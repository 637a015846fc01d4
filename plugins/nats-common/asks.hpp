// Requests that wait for an answer. Each has a number, which is the last token of the subject its
// answer comes to, a deadline, and somebody to tell. One inbox serves all of them.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "nats-common/message.hpp"
#include "spawn/plugin/abi.h"

namespace nats_common {

enum class fate {
  answered,   // `message` is there
  unsent,     // it never left: no connection, or no place
  timed_out,  // it went out; nothing came in time
  lost        // it went out; the connection ended, or the session
};

struct answer {
  fate how = fate::lost;
  message_ptr message;
  spawn_status status = SPAWN_E_UNAVAILABLE;  // of what is unsent
};

// Who is told. A move-only callable, called exactly once, on the session thread.
class on_answer {
 public:
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, on_answer>)
  on_answer(F&& f)  // NOLINT: from any lambda
      : held_(std::make_unique<one<std::remove_cvref_t<F>>>(std::forward<F>(f))) {}
  void operator()(answer a) { held_->call(std::move(a)); }

 private:
  struct base {
    virtual ~base() = default;
    virtual void call(answer a) = 0;
  };
  template <class F>
  struct one final : base {
    explicit one(F f) : run(std::move(f)) {}
    void call(answer a) override { run(std::move(a)); }
    F run;
  };
  std::unique_ptr<base> held_;
};

// [session thread]. A handler may ask again; it is called after its request has left the table.
class asks {
 public:
  explicit asks(const std::string& inbox_prefix);

  // What to listen to, once per connection; and whether a subject is below it.
  [[nodiscard]] std::string inbox_pattern() const { return inbox_ + ".*"; }
  [[nodiscard]] const std::string& inbox() const noexcept { return inbox_; }

  // The reply subject of a new request. deadline_ns by the host's clock, 0: none.
  [[nodiscard]] std::string add(std::uint64_t deadline_ns, on_answer who);
  // A message that came to the inbox. An answer that nobody waits for is dropped.
  void arrived(message_ptr m);
  // Ends the request that `add` has named.
  void fail(const std::string& reply_subject, fate how, spawn_status status = SPAWN_E_UNAVAILABLE);

  void expire(std::uint64_t now_ns);
  void fail_all(fate how);
  [[nodiscard]] bool empty() const noexcept { return open_.empty(); }
  // The nearest deadline, 0 if there is none.
  [[nodiscard]] std::uint64_t next_deadline_ns() const noexcept {
    return by_deadline_.empty() ? 0 : by_deadline_.begin()->first;
  }

 private:
  struct open_ask {
    std::uint64_t deadline_ns;
    on_answer who;
  };
  void end(std::uint64_t number, answer a);

  std::string inbox_;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, open_ask> open_;
  std::multimap<std::uint64_t, std::uint64_t> by_deadline_;
};

// A name nobody else has, for inboxes.
[[nodiscard]] std::string unique_token();

}  // namespace nats_common
