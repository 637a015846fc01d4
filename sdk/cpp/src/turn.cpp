#include "spawn/sdk/detail/turn.hpp"

#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk::detail {

namespace {

actor_id to_id(const wire::actors::ActorId& id) {
  return {id.name(), id.system(), id.parent()};
}

any_slot slot_of(wire::Any& any) {
  return {*any.mutable_type_url(), *any.mutable_value()};
}

void assign(std::string& to, std::string_view from) {
  to.assign(from.data(), from.size());
}

// Java sends Empty for "no argument" and answers with a Noop in an Any.
bool means_nothing(std::string_view type_url) {
  const auto type = type_name_of(type_url);
  return type == "google.protobuf.Empty" || type == "Noop" || type.ends_with(".Noop");
}

}  // namespace

std::string_view turn::action() const {
  return in_.action_name();
}
std::string_view turn::name() const {
  return in_.actor().name();
}
std::string_view turn::system() const {
  return in_.actor().system();
}
std::string_view turn::parent() const {
  return in_.actor().parent();
}
actor_id turn::self() const {
  return to_id(in_.actor());
}

actor_id turn::caller() const {
  return to_id(in_.has_caller() ? in_.caller() : in_.current_context().caller());
}

payload_view turn::payload() const {
  if (in_.has_noop()) {
    return {presence::noop, {}, {}};
  }
  if (!in_.has_value()) {
    return {};
  }
  const auto& any = in_.value();
  if (means_nothing(any.type_url())) {
    return {presence::noop, {}, {}};
  }
  return {presence::value, any.type_url(), any.value()};
}

payload_view turn::state() const {
  // Some peers send an empty Any for "no state yet".
  if (!in_.current_context().has_state() || in_.current_context().state().type_url().empty()) {
    return {};
  }
  const auto& any = in_.current_context().state();
  return {presence::value, any.type_url(), any.value()};
}

std::string_view turn::metadata(std::string_view key) const {
  const auto& all = in_.current_context().metadata();
  const auto found = all.find(std::string(key));
  return found == all.end() ? std::string_view{} : std::string_view{found->second};
}

string_map turn::metadata() const {
  const auto& all = in_.current_context().metadata();
  return {all.begin(), all.end()};
}

string_map& turn::tags() {
  if (!tags_) {
    const auto& all = in_.current_context().tags();
    tags_.emplace(all.begin(), all.end());
  }
  return *tags_;
}

any_slot turn::new_state() {
  return slot_of(*out_.mutable_updated_context()->mutable_state());
}
any_slot turn::reply_value() {
  return slot_of(*out_.mutable_value());
}
void turn::reply_noop() {
  out_.mutable_noop();
}

bool turn::replied() const {
  return out_.has_value() || out_.has_noop();
}

void turn::echo() {
  if (in_.has_value()) {
    // Swapping is no copy, but the action may read its payload again: so copy.
    *out_.mutable_value() = in_.value();
  } else if (in_.has_noop()) {
    out_.mutable_noop();
  } else {
    out_.clear_payload();
    echoed_unset_ = true;
  }
}

std::optional<any_slot> turn::add_effect(const effect& what, bool with_value) {
  auto& request = *workflow().add_effects()->mutable_request();
  const std::string_view system = what.system.empty() ? this->system() : what.system;
  assign(*request.mutable_system()->mutable_name(), system);
  auto& id = *request.mutable_actor()->mutable_id();
  assign(*id.mutable_name(), what.actor);
  assign(*id.mutable_system(), system);
  assign(*request.mutable_action_name(), what.action);
  request.set_async(what.async);
  request.set_scheduled_to(what.scheduled_to);
  assign(*request.mutable_register_ref(), what.register_ref);
  *request.mutable_caller() = in_.actor();
  if (what.metadata != nullptr) {
    request.mutable_metadata()->insert(what.metadata->begin(), what.metadata->end());
  }
  if (!with_value) {
    request.mutable_noop();
    return std::nullopt;
  }
  return slot_of(*request.mutable_value());
}

std::optional<any_slot> turn::set_broadcast(std::string_view channel, bool with_value) {
  auto& broadcast = *workflow().mutable_broadcast();
  broadcast.Clear();
  assign(*broadcast.mutable_channel_group(), channel);
  if (!with_value) {
    broadcast.mutable_noop();
    return std::nullopt;
  }
  return slot_of(*broadcast.mutable_value());
}

void turn::set_pipe(std::string_view actor, std::string_view action,
                    std::string_view register_ref) {
  auto& pipe = *workflow().mutable_pipe();
  assign(*pipe.mutable_actor(), actor);
  assign(*pipe.mutable_action_name(), action);
  assign(*pipe.mutable_register_ref(), register_ref);
}

void turn::set_forward(std::string_view actor, std::string_view action,
                       std::string_view register_ref) {
  auto& forward = *workflow().mutable_forward();
  assign(*forward.mutable_actor(), actor);
  assign(*forward.mutable_action_name(), action);
  assign(*forward.mutable_register_ref(), register_ref);
}

any_slot turn::add_part() {
  return slot_of(*workflow().add_parts());
}

void turn::checkpoint() {
  out_.set_checkpoint(true);
}

void turn::finish() {
  out_.set_actor_name(in_.actor().name());
  out_.set_actor_system(in_.actor().system());
  // Always present: without it the kernel takes the answer for a failed action.
  auto& context = *out_.mutable_updated_context();
  // Tags are replaced by what comes back, so they always go back.
  if (tags_) {
    context.mutable_tags()->insert(tags_->begin(), tags_->end());
  } else if (in_.has_current_context()) {
    context.mutable_tags()->swap(*in_.mutable_current_context()->mutable_tags());
  }
  if (!replied() && !echoed_unset_) {
    out_.mutable_noop();
  }
}

wire::Workflow& turn::workflow() {
  return *out_.mutable_workflow();
}

}  // namespace spawn::sdk::detail
