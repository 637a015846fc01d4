// fake_live_lane: a lane without a kernel, for unit tests of live actors. It makes the objects that
// a test names, hands them messages, and keeps what they send and answer for the test to look at.
// Every breach of the rules (a call outside receive(), an address used after its release, an answer
// to a question that nobody asked) is written down as a violation.
//
// Life: after the instance's start, before its stop. Thread: the test's.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/live_actors.h"

namespace spawn::plugin::testing {

// An actor. `parent` is the type; empty for a named actor, whose type is its name.
struct live_address {
  std::string parent = {}, name = {};
  friend auto operator<=>(const live_address&, const live_address&) = default;
};
struct live_payload {
  std::uint32_t presence = SPAWN_P_UNSET;
  std::string type_url = {}, value = {};
};
// What an actor sent.
struct live_sent {
  enum class way { tell, ask, send, call };
  way by = way::tell;
  live_address from = {}, to = {};
  std::uint32_t action = 0;      // tell, ask
  std::string action_name = {};  // send, call
  live_payload what = {};
  std::uint64_t token = 0;  // ask, call
  std::uint32_t timeout_ms = 0;
};
// What it answered.
struct live_reply {
  std::uint64_t token = 0;
  spawn_status status = SPAWN_OK;
  live_payload what = {};
};

class fake_live_lane {
 public:
  using address = live_address;
  using payload = live_payload;
  using sent = live_sent;
  using reply = live_reply;

  // Opens the lane; opened() tells the status.
  fake_live_lane(const spawn_live_actors* table, spawn_instance* instance, std::uint32_t number = 0)
      : table_(table) {
    host_ = {sizeof(host_), 0,    this, ref,       self, retain, release,
             name,          tell, ask,  answer_to, send, call,   leave};
    opened_ = table_->lane_open(instance, number, &host_, &lane_);
  }
  // Destroys what is there, and closes the lane.
  ~fake_live_lane() { close(); }
  fake_live_lane(const fake_live_lane&) = delete;
  fake_live_lane& operator=(const fake_live_lane&) = delete;

  [[nodiscard]] spawn_status opened() const noexcept { return opened_; }

  // Makes the object, unless it is there. `type`: index in the registration.
  spawn_status make(std::uint32_t type, const address& who) {
    if (objects_.contains(who)) {
      return SPAWN_OK;
    }
    held& own = find(who);
    ++own.count;  // of the object itself
    spawn_live_object* made = nullptr;
    spawn_status got = SPAWN_E_INTERNAL;
    run(own, [&] { got = table_->create(lane_, type, as_ref(own), &made); });
    if (got == SPAWN_OK && made == nullptr) {
      violation("create answered OK and made nothing");
    }
    if (got != SPAWN_OK || made == nullptr) {
      --own.count;
      return got;
    }
    objects_[who] = made;
    return got;
  }
  // Messages to an object that make() made. `from` is no one, or another live actor.
  void tell_to(const address& who, std::uint32_t action, const payload& what = {},
               const address* from = nullptr) {
    receive(who, SPAWN_LIVE_TELL, action, 0, SPAWN_OK, what, from);
  }
  // The token, under which reply() comes.
  std::uint64_t ask_of(const address& who, std::uint32_t action, const payload& what = {},
                       const address* from = nullptr) {
    const std::uint64_t token = ++last_token_;
    open_.insert(token);
    receive(who, SPAWN_LIVE_ASK, action, token, SPAWN_OK, what, from);
    return token;
  }
  // What came to an ask or a call of this actor: OK is an answer, all else a failure with a text.
  void answer(const address& who, std::uint64_t token, spawn_status status,
              const payload& what = {}) {
    receive(who, status == SPAWN_OK ? SPAWN_LIVE_ANSWER : SPAWN_LIVE_FAILED, 0, token, status, what,
            nullptr);
  }
  // As when it was idle, or had left.
  void destroy(const address& who) {
    const auto at = objects_.find(who);
    if (at != objects_.end()) {
      may_release_ = true;
      table_->destroy(lane_, at->second);
      may_release_ = false;
      objects_.erase(at);
      left_.erase(who);
      --find(who).count;
    }
  }
  void close() {
    if (lane_ == nullptr) {
      return;
    }
    while (!objects_.empty()) {
      destroy(address(objects_.begin()->first));
    }
    may_release_ = true;
    table_->lane_close(std::exchange(lane_, nullptr));
    may_release_ = false;
  }

  // What the lane answers to tell, ask, send and call; not set: OK. What is not OK is kept as well.
  std::function<spawn_status(const sent&)> on_sent;

  [[nodiscard]] const std::vector<sent>& sends() const noexcept { return sent_; }
  [[nodiscard]] const std::vector<reply>& replies() const noexcept { return replies_; }
  // The answer to a question, or nullptr.
  [[nodiscard]] const reply* reply_to(std::uint64_t token) const {
    for (const reply& each : replies_) {
      if (each.token == token) {
        return &each;
      }
    }
    return nullptr;
  }
  // The deadline of what was asked has passed.
  void expire(std::uint64_t token) {
    open_.erase(token);
    spent_.insert(token);
  }
  [[nodiscard]] bool has_left(const address& who) const { return left_.contains(who); }
  // Addresses that the plugin holds.
  [[nodiscard]] std::uint64_t held_addresses() const {
    std::uint64_t n = 0;
    for (const auto& [at, one] : addresses_) {
      n += one->count > 0 && !objects_.contains(at) ? 1 : 0;
    }
    return n;
  }
  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }

 private:
  struct held {
    address at;
    std::int64_t count = 0;
  };
  static fake_live_lane& of(void* data) noexcept { return *static_cast<fake_live_lane*>(data); }
  static spawn_live_ref* as_ref(held& one) noexcept {
    return reinterpret_cast<spawn_live_ref*>(&one);
  }

  void violation(std::string what) { violations_.push_back(std::move(what)); }
  held& find(const address& who) {
    auto& at = addresses_[who];
    if (at == nullptr) {
      at = std::make_unique<held>(held{who, 0});
    }
    return *at;
  }
  // The address behind a pointer of the plugin's, nullptr when it is none of this lane.
  held* known(const spawn_live_ref* ref, const char* in) {
    for (const auto& [at, one] : addresses_) {
      if (as_ref(*one) == ref) {
        if (one->count <= 0 && one.get() != from_) {
          violation(std::string(in) + " of an address that was released");
        }
        return one.get();
      }
    }
    violation(std::string(in) + " of an address that is none of this lane's");
    return nullptr;
  }
  // Calls are made inside receive() and create(), on the lane's thread.
  bool may_call(const char* what) {
    const bool good = running_ != nullptr && thread_ == std::this_thread::get_id();
    if (!good) {
      violation(std::string(what) + " is called outside receive() and create()");
    }
    return good;
  }
  template <class F>
  void run(held& who, F&& f) {
    running_ = &who;
    thread_ = std::this_thread::get_id();
    f();
    running_ = nullptr;
  }
  void receive(const address& who, std::uint16_t kind, std::uint32_t action, std::uint64_t token,
               spawn_status status, const payload& what, const address* from) {
    const auto at = objects_.find(who);
    if (at == objects_.end()) {
      violation("the test sends to an actor that it has not made: " + who.name);
      return;
    }
    from_ = from == nullptr ? nullptr : &find(*from);
    // A copy of its own, gone afterwards: it keeps nothing of a message.
    auto kept = std::make_unique<payload>(what);
    const spawn_live_message message{
        .payload = {kept->presence, 0, slice(kept->type_url), slice(kept->value)},
        .token = token,
        .from = from_ == nullptr ? nullptr : as_ref(*from_),
        .action = action,
        .kind = kind,
        .status = static_cast<std::uint16_t>(status)};
    run(find(who), [&] { table_->receive(lane_, at->second, &message); });
    from_ = nullptr;
  }

  payload copied(const spawn_payload* from) {
    if (from == nullptr) {
      violation("a payload is NULL");
      return {};
    }
    if (from->presence > SPAWN_P_NOOP) {
      violation("a payload's presence is " + std::to_string(from->presence));
    }
    return {from->presence, std::string(text(from->type_url)), std::string(text(from->value))};
  }
  spawn_status take(sent&& made, spawn_live_ref* to, const spawn_payload* what, const char* in) {
    if (!may_call(in)) {
      return SPAWN_E_INVALID;
    }
    held* const target = to == nullptr ? nullptr : known(to, in);
    if (target == nullptr) {
      violation(std::string(in) + " has no address");
      return SPAWN_E_INVALID;
    }
    made.from = running_->at;
    made.to = target->at;
    made.what = copied(what);
    sent_.push_back(std::move(made));
    return on_sent ? on_sent(sent_.back()) : SPAWN_OK;
  }

  // --- the table ---------------------------------------------------------------------------------
  static spawn_live_ref* ref(void* data, const spawn_actor_ref* to) {
    fake_live_lane& l = of(data);
    if (!l.may_call("ref")) {
      return nullptr;
    }
    constexpr std::size_t name_bytes_max = 512;
    if (to->name.len == 0 || to->name.len > name_bytes_max || to->parent.len > name_bytes_max) {
      return nullptr;
    }
    held& found = l.find({std::string(text(to->parent)), std::string(text(to->name))});
    ++found.count;
    return as_ref(found);
  }
  static spawn_live_ref* self(void* data) {
    fake_live_lane& l = of(data);
    return l.may_call("self") ? as_ref(*l.running_) : nullptr;
  }
  static void retain(void* data, spawn_live_ref* ref) {
    fake_live_lane& l = of(data);
    if (l.may_call("retain")) {
      if (held* const at = l.known(ref, "retain")) {
        ++at->count;
      }
    }
  }
  static void release(void* data, spawn_live_ref* ref) {
    fake_live_lane& l = of(data);
    if (l.may_release_ || l.may_call("release")) {
      if (held* const at = l.known(ref, "release")) {
        --at->count;
      }
    }
  }
  static void name(void* data, const spawn_live_ref* ref, spawn_actor_ref* out) {
    fake_live_lane& l = of(data);
    *out = {};
    if (l.may_call("name")) {
      if (const held* const at = l.known(ref, "name")) {
        *out = {slice("shop"), slice(at->at.parent), slice(at->at.name)};
      }
    }
  }
  static spawn_status tell(void* data, spawn_live_ref* to, std::uint32_t action,
                           const spawn_payload* what) {
    return of(data).take({.by = sent::way::tell, .action = action}, to, what, "tell");
  }
  static spawn_status ask(void* data, spawn_live_ref* to, std::uint32_t action,
                          const spawn_payload* what, std::uint64_t token, std::uint32_t timeout) {
    return of(data).take(
        {.by = sent::way::ask, .action = action, .token = token, .timeout_ms = timeout}, to, what,
        "ask");
  }
  static spawn_status answer_to(void* data, std::uint64_t token, spawn_status status,
                                const spawn_payload* what) {
    fake_live_lane& l = of(data);
    if (!l.may_call("reply")) {
      return SPAWN_E_NOT_FOUND;
    }
    if (status < SPAWN_OK || status > SPAWN_E_ABORTED) {
      l.violation("reply with the unknown status " + std::to_string(status));
    }
    payload copy = l.copied(what);
    if (l.open_.erase(token) == 0) {
      if (!l.spent_.contains(token)) {
        l.violation("reply to a question that nobody asked");
      }
      return SPAWN_E_NOT_FOUND;
    }
    l.spent_.insert(token);
    l.replies_.push_back({token, status, std::move(copy)});
    return SPAWN_OK;
  }
  static spawn_status send(void* data, spawn_live_ref* to, spawn_slice action,
                           const spawn_payload* what) {
    return of(data).take({.by = sent::way::send, .action_name = std::string(text(action))}, to,
                         what, "send");
  }
  static spawn_status call(void* data, spawn_live_ref* to, spawn_slice action,
                           const spawn_payload* what, std::uint64_t token, std::uint32_t timeout) {
    return of(data).take({.by = sent::way::call,
                          .action_name = std::string(text(action)),
                          .token = token,
                          .timeout_ms = timeout},
                         to, what, "call");
  }
  static void leave(void* data) {
    fake_live_lane& l = of(data);
    if (l.may_call("leave")) {
      l.left_.insert(l.running_->at);
    }
  }

  const spawn_live_actors* table_;
  spawn_live_host host_{};
  spawn_live_lane* lane_ = nullptr;
  spawn_status opened_ = SPAWN_E_INTERNAL;
  std::map<address, std::unique_ptr<held>> addresses_;
  std::map<address, spawn_live_object*> objects_;
  std::set<address> left_;
  std::set<std::uint64_t> open_, spent_;  // tokens of questions
  std::uint64_t last_token_ = 0;
  std::vector<sent> sent_;
  std::vector<reply> replies_;
  std::vector<std::string> violations_;
  held* running_ = nullptr;
  held* from_ = nullptr;
  bool may_release_ = false;
  std::thread::id thread_;
};

}  // namespace spawn::plugin::testing
