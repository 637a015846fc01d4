// Between live actors and the rest of the kernel.
#include "native/live_lane.hpp"
#include "wire/common.hpp"

namespace spawn {
// The answer of an ordinary actor, on its way to the live one that called it.
struct live_reply : reply_slot {
  live_lane* to = nullptr;
  std::uint64_t question = 0;

  void deliver();
};

namespace {

spawn_status status_of(failure why) noexcept {
  switch (why) {
    case failure::none:
      return SPAWN_OK;
    case failure::invalid_argument:
    case failure::key_reused:
      return SPAWN_E_INVALID;
    case failure::actor_not_found:
    case failure::action_not_found:
    case failure::revision_not_found:
      return SPAWN_E_NOT_FOUND;
    case failure::resource_exhausted:
      return SPAWN_E_EXHAUSTED;
    case failure::unavailable:
      return SPAWN_E_UNAVAILABLE;
    case failure::shutting_down:
      return SPAWN_E_SHUTDOWN;
    case failure::deadline_exceeded:
      return SPAWN_E_DEADLINE;
    case failure::outcome_unknown:
      return SPAWN_E_UNKNOWN_OUTCOME;
    case failure::unimplemented:
      return SPAWN_E_UNSUPPORTED;
    case failure::too_large:
      return SPAWN_E_TOO_LARGE;
    case failure::corrupt:
      return SPAWN_E_CORRUPT;
    default:
      return SPAWN_E_INTERNAL;
  }
}

}  // namespace

void live_reply::deliver() {
  spawn_payload out = text_payload(result.text);
  if (result.ok()) {
    wire::any_view read;
    static_cast<void>(wire::read_any(result.value.any, read));  // the router has checked it
    out.presence = static_cast<std::uint32_t>(result.value.kind);
    out.type_url = slice_of(read.type_url);
    out.value = slice_of(read.value);
  }
  static_cast<void>(to->answer(question, status_of(result.why), out));
}

spawn_status live_lane::ask_from_outside(actor_view to, std::string_view action,
                                         const spawn_payload& payload, std::uint64_t deadline_ns,
                                         outside_ask& by) {
  const live_type* type = types_.find(to.system, to.parent, to.name);
  const std::uint32_t index = type == nullptr ? 0 : type->action_of(action);
  if (type == nullptr || index >= type->actions) {
    return SPAWN_E_NOT_FOUND;
  }
  if (is_closed_) {
    return SPAWN_E_UNAVAILABLE;
  }
  live_address* address = address_of(*type, to.name);
  if (address == nullptr) {
    return SPAWN_E_EXHAUSTED;
  }
  hold(*address);
  live_ask& ask = open_ask(live_ask::whose::outside, deadline_ns);
  ask.outside = &by;
  const spawn_status sent = deliver(*address, index, &ask, nullptr, payload);
  if (sent != SPAWN_OK) {
    close_ask(ask);
  }
  let_go(*address);
  return sent;
}

// The way of every message between actors; `ask` waits for the answer, without one nobody does.
spawn_status live_lane::send_out(live_address& to, std::string_view action,
                                 const spawn_payload& payload, live_ask* ask) {
  if (action.empty() || action.size() > limits::name_bytes_max || current_ == nullptr ||
      is_closed_) {
    return SPAWN_E_INVALID;
  }
  const actor_view target = to.id();
  const actor_view caller = current_->id();
  auto message = std::make_unique<invocation>();
  std::string any;
  if (payload.presence == SPAWN_P_VALUE) {
    wire::append_any(any, view_of(payload.type_url), view_of(payload.value));
  }
  std::size_t bytes = action.size() + any.size();
  for (const actor_view id : {target, caller}) {
    bytes += id.system.size() + id.parent.size() + id.name.size();
  }
  message->charged_bytes = bytes + sizeof(invocation);
  if (!budget_.try_take(message->charged_bytes)) {
    message->charged_bytes = 0;
    stats_.refused.add();
    return SPAWN_E_EXHAUSTED;
  }
  message->budget = &budget_;
  message->storage.reserve(bytes);
  const auto keep = [&](std::string_view text) {
    const std::size_t at = message->storage.size();
    message->storage += text;
    return std::string_view(message->storage.data() + at, text.size());
  };
  message->target = {keep(target.system), keep(target.parent), keep(target.name)};
  message->has_caller = true;
  message->caller = {keep(caller.system), keep(caller.parent), keep(caller.name)};
  message->caller_settled = true;  // it has no state that could be lost
  message->action = keep(action);
  message->argument = {static_cast<presence>(payload.presence), keep(any)};
  message->deadline_ns = home_.now_ns() + options_.request_ms * ns_per_ms;
  if (ask == nullptr) {
    message->is_async = true;
  } else {
    message->deadline_ns = ask->due_ms * ns_per_ms;
    auto* reply = new live_reply;
    reply->home = &home_;
    reply->to = this;
    reply->question = ask->name();
    reply->arrived = [](reply_slot& slot) {
      const std::unique_ptr<live_reply> mine(static_cast<live_reply*>(&slot));
      mine->deliver();
    };
    message->reply = reply;
  }
  out_->route(std::move(message));
  return SPAWN_OK;
}

}  // namespace spawn
