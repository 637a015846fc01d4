// Finds the handler of a request and runs it: from an ActorInvocation to its answer.
#pragma once

#include <google/protobuf/message_lite.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spawn/sdk/actor.hpp"

namespace spawn::sdk::detail {

// The messages of one worker or lane, used again for each call. Thread: its worker's.
class call_messages {
 public:
  call_messages();
  ~call_messages();
  call_messages(call_messages&&) noexcept;
  call_messages& operator=(call_messages&&) noexcept;

 private:
  friend class dispatcher;
  struct pair;
  std::unique_ptr<pair> pair_;
};

// How a call ended.
struct call_outcome {
  enum class verdict { answered, failed, no_request };
  verdict what = verdict::failed;
  // answered: an ActorInvocationResponse, valid until the next call with the same messages.
  const google::protobuf::MessageLite* answer = nullptr;
  std::string why;    // failed, no_request: for the caller
  std::string whose;  // failed: "action Add of actor counter"
};

// Life cycle: filled before the first call, then read only.
// Thread: run() by each worker, with messages of that worker.
// Owns the actors' definitions.
class dispatcher {
 public:
  // Throws std::invalid_argument when the name is taken.
  void insert(std::unique_ptr<actor_definition> made);
  [[nodiscard]] const std::vector<std::unique_ptr<actor_definition>>& actors() const {
    return actors_;
  }

  // Nothing but std::bad_alloc comes out of it: what an action throws fails the call.
  [[nodiscard]] call_outcome run(call_messages& with, std::string_view request) const;

 private:
  struct name_hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  [[nodiscard]] const actor_definition* find(const turn& turn) const;
  void run(turn& turn) const;

  std::vector<std::unique_ptr<actor_definition>> actors_;
  std::unordered_map<std::string, const actor_definition*, name_hash, std::equal_to<>> by_name_;
};

}  // namespace spawn::sdk::detail
