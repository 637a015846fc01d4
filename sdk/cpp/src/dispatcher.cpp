#include "dispatcher.hpp"

#include <stdexcept>

#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::detail {

namespace {

constexpr std::string_view actions_path = "/api/v1/actors/actions";
// Past this the worker's messages are made anew, so that one large state is not kept for ever.
constexpr std::size_t keep_bytes_max = std::size_t{1} << 20;

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
struct dispatcher::messages {
  wire::ActorInvocation in;
  wire::ActorInvocationResponse out;
};

void dispatcher::messages_deleter::operator()(messages* owned) const {
  delete owned;
}

void dispatcher::insert(std::unique_ptr<actor_definition> made) {
  const auto [at, fresh] = by_name_.emplace(made->name, made.get());
  if (!fresh) {
    throw std::invalid_argument("actor " + at->first + " is declared twice");
  }
  actors_.push_back(std::move(made));
}

void dispatcher::prepare(unsigned workers) {
  messages_.clear();
  for (unsigned i = 0; i < workers; ++i) {
    messages_.emplace_back(new messages);
  }
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

request_sink::reply dispatcher::serve(unsigned worker, const request& request) {
  if (!request.post) {
    return {request.target == "/health" ? 200 : 405, nullptr};
  }
  if (request.target != actions_path) {
    return {404, nullptr};
  }
  auto& slot = messages_[worker];
  if (request.body.size() > keep_bytes_max) {
    slot.reset(new messages);
  }
  auto& [in, out] = *slot;
  out.Clear();
  if (request.body.empty() ||
      !in.ParseFromArray(request.body.data(), static_cast<int>(request.body.size()))) {
    log_("refused a request whose body is not an ActorInvocation (" +
         std::to_string(request.body.size()) + " bytes)");
    return {400, nullptr};
  }
  turn turn(in, out);
  std::string reason;
  try {
    run(turn);
    return {200, &out};
  } catch (const std::exception& error) {
    reason = error.what();
  } catch (...) {
    reason = "it threw something that is no std::exception";
  }
  std::string line = "action " + in.action_name() + " of actor " + in.actor().name();
  if (!in.actor().parent().empty()) {
    line.append(" (").append(in.actor().parent()).append(")");
  }
  log_(line + " failed: " + reason);
  return {500, nullptr};
}

}  // namespace spawn::sdk::detail
