#include "dispatcher.hpp"

#include <limits>
#include <stdexcept>

#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::detail {

namespace {

// Past this the worker's messages are made anew, so that one large state is not kept for ever.
constexpr std::size_t keep_bytes_max = std::size_t{1} << 20;
constexpr std::size_t request_bytes_max = std::numeric_limits<int>::max();  // as protobuf has it

const handler* pick(const action_entry& entry, const payload_view& payload) {
  if (payload.kind != presence::value) {
    for (const auto& each : entry.handlers) {
      if (each->payload_type().empty()) {
        return each.get();
      }
    }
    return entry.handlers.front().get();
  }
  const handler* any = nullptr;
  for (const auto& each : entry.handlers) {
    const auto type = each->payload_type();
    if (type.empty()) {
      any = each.get();
    } else if (same_type(payload.type_url, type)) {
      return each.get();
    }
  }
  return any;
}

}  // namespace

// Cleared, not made anew, for each request: their strings keep their memory.
struct call_messages::pair {
  wire::ActorInvocation in;
  wire::ActorInvocationResponse out;
};

call_messages::call_messages() : pair_(std::make_unique<pair>()) {}
call_messages::~call_messages() = default;
call_messages::call_messages(call_messages&&) noexcept = default;
call_messages& call_messages::operator=(call_messages&&) noexcept = default;

void dispatcher::insert(std::unique_ptr<actor_definition> made) {
  const auto [at, fresh] = by_name_.emplace(made->name, made.get());
  if (!fresh) {
    throw std::invalid_argument("actor " + at->first + " is declared twice");
  }
  actors_.push_back(std::move(made));
}

const actor_definition* dispatcher::find(const turn& turn) const {
  // An instance of an unnamed actor is known by its parent; its name is anybody's.
  const auto key = turn.parent().empty() ? turn.name() : turn.parent();
  const auto found = by_name_.find(key);
  return found == by_name_.end() ? nullptr : found->second;
}

void dispatcher::run(turn& turn) const {
  const auto* actor = find(turn);
  if (actor == nullptr) {
    throw action_error("this host has no such actor");
  }
  const auto* entry = actor->find(turn.action());
  if (entry == nullptr) {
    throw action_error("the actor has no such action");
  }
  const auto payload = turn.payload();
  const auto* handler = pick(*entry, payload);
  if (handler == nullptr) {
    std::string wanted;
    for (const auto& each : entry->handlers) {
      wanted.append(wanted.empty() ? "" : " or ").append(each->payload_type());
    }
    throw action_error("the payload is a " + std::string(type_name_of(payload.type_url)) +
                       ", the action takes " + wanted);
  }
  handler->run(turn);
  turn.finish();
}

call_outcome dispatcher::run(call_messages& with, std::string_view request) const {
  if (request.size() > keep_bytes_max) {
    with.pair_ = std::make_unique<call_messages::pair>();
  }
  auto& [in, out] = *with.pair_;
  out.Clear();
  call_outcome ended;
  if (request.empty() || request.size() > request_bytes_max ||
      !in.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
    ended.what = call_outcome::verdict::no_request;
    ended.why =
        "the request is not an ActorInvocation (" + std::to_string(request.size()) + " bytes)";
    return ended;
  }
  turn turn(in, out);
  try {
    run(turn);
    ended.what = call_outcome::verdict::answered;
    ended.answer = &out;
    return ended;
  } catch (const std::exception& error) {
    ended.why = error.what();
  } catch (...) {
    ended.why = "it threw something that is no std::exception";
  }
  ended.whose = "action " + in.action_name() + " of actor " + in.actor().name();
  if (!in.actor().parent().empty()) {
    ended.whose.append(" (").append(in.actor().parent()).append(")");
  }
  return ended;
}

}  // namespace spawn::sdk::detail
