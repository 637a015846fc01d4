#include "intake/intake_work.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "model/reserved_metadata.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

// Fills the strings of an invocation one after another into its storage.
class storing {
 public:
  storing(invocation& into, std::size_t bytes) : into_(into) { into_.storage.reserve(bytes); }
  std::string_view operator()(std::string_view text) {
    const std::size_t at = into_.storage.size();
    into_.storage += text;
    return {into_.storage.data() + at, text.size()};
  }

 private:
  invocation& into_;
};

// Room for the instance's name before a message's own id.
constexpr std::size_t id_bytes_max = limits::idempotency_key_bytes_max - 65;

std::size_t bytes_of(const routed& to) {
  std::size_t n = to.system.size() + to.parent.size() + to.actor.size() + to.register_ref.size() +
                  to.action.size() + to.argument.any.size() + to.dedup_id.size();
  for (const auto& [key, value] : to.metadata) {
    n += key.size() + value.size();
  }
  return n;
}

}  // namespace

void intake::work::prepare(const route_table& routes, std::uint64_t body_max) {
  source = view_of(raw.source);
  if (raw.payload.value.len > body_max) {
    unroutable = "its body has " + std::to_string(raw.payload.value.len) +
                 " bytes, limits.body_bytes allows " + std::to_string(body_max);
    return;
  }
  auto found = routes.resolve(*this);
  if (!found) {
    unroutable = "no route: " + found.error().text;
    return;
  }
  to = std::move(*found);
  is_routed = true;
  release_bytes();
  if (to.dedup_id.size() > id_bytes_max) {
    unroutable = "its id has " + std::to_string(to.dedup_id.size()) + " bytes, at most " +
                 std::to_string(id_bytes_max) + " are allowed; see dedup_id of routes";
  } else if (!is_utf8(to.dedup_id)) {  // a host would not be able to read the call
    unroutable = "its id is not UTF-8; see dedup_id of routes";
    to.dedup_id.clear();
  }
}

invocation_ptr intake::work::make_invocation(std::string_view activator) const {
  auto out = std::make_unique<invocation>();
  storing keep(*out, bytes_of(to) + activator.size() + 64);
  out->target = {keep(to.system), keep(to.parent), keep(to.actor)};
  out->action = keep(to.action);
  out->register_ref = keep(to.register_ref);
  out->argument = {to.argument.kind, keep(to.argument.any)};
  for (const auto& [key, value] : to.metadata) {
    if (key == "traceparent") {
      out->trace = trace_context::parse(value);
    }
    const auto name = keep(key);
    out->metadata.push_back({name, keep(value)});
  }
  if (!to.dedup_id.empty()) {
    const auto name = keep(metadata_idempotency_key);
    const std::size_t at = out->storage.size();
    out->storage.append(activator).append("/").append(to.dedup_id);
    out->metadata.push_back({name, std::string_view(out->storage).substr(at)});
    out->key_if_kept = true;
  }
  return out;
}

invocation_ptr intake::work::make_letter(std::string_view activator, std::string why,
                                         std::int64_t now_ms) const {
  auto out = std::make_unique<invocation>();
  std::string body = to.argument.any;
  presence kind = to.argument.kind;
  if (!is_routed) {
    const auto bytes = view_of(raw.payload.value);
    const auto said = view_of(raw.payload.type_url);
    const auto type = is_utf8(said) ? said : std::string_view();
    std::string value(bytes);
    if (type.empty()) {
      value.clear();
      wire::put_bytes(value, 1, bytes);
    }
    wire::append_any(body, type.empty() ? "type.googleapis.com/google.protobuf.BytesValue" : type,
                     value);
    kind = presence::value;
  }
  const std::string system = is_routed ? to.system : owner.routes_.system();
  const std::string name = is_routed ? to.actor : "activator:" + std::string(activator);
  storing keep(*out, system.size() + name.size() + body.size() + bytes_of(to) + source.size() +
                         activator.size() + 64);
  out->target = {keep(system), keep(to.parent), keep(name)};
  out->action = keep(is_routed ? std::string_view(to.action) : std::string_view("unrouted"));
  out->register_ref = keep(to.register_ref);
  out->argument = {kind, keep(body)};
  for (const auto& [key, value] : to.metadata) {
    const auto entry = keep(key);
    out->metadata.push_back({entry, keep(value)});
  }
  const auto add = [&](std::string_view key, std::string_view value) {
    const auto entry = keep(key);
    out->metadata.push_back({entry, keep(value)});
  };
  add("activator", activator);
  add("activator-source", source);
  if (!to.dedup_id.empty()) {
    add("activator-message-id", to.dedup_id);
  }
  out->is_internal = true;
  out->row = std::make_unique<message_row>();
  out->row->kind = row_kind::async;
  out->row->created_ms = now_ms;
  out->row->attempts = std::max(tries, 1U);  // it was looked at
  out->row->last_error = std::move(why);
  return out;
}

void intake::work::release_bytes() noexcept {
  spawn_delivery kept{};
  kept.flags = raw.flags;
  kept.token = raw.token;
  kept.attempt = raw.attempt;
  kept.settle_by_ns = raw.settle_by_ns;
  kept.deadline_ns = raw.deadline_ns;
  spawn::release(raw.owner);
  raw = kept;
}

intake::settled::settled(std::uint64_t token, spawn_settle with, std::string text, outcome answered)
    : raw_(with), text_(std::move(text)), answer_(std::move(answered)) {
  raw_.struct_size = sizeof(raw_);
  raw_.token = token;
}

const spawn_settle& intake::settled::fill() {
  raw_.error = slice_of(text_);
  wire::any_view any;
  if (answer_.ok() && answer_.value.kind == presence::value &&
      wire::read_any(answer_.value.any, any)) {
    raw_.reply = {SPAWN_P_VALUE, 0, slice_of(any.type_url), slice_of(any.value)};
  } else {
    raw_.reply = {static_cast<std::uint32_t>(answer_.value.kind == presence::noop ? SPAWN_P_NOOP
                                                                                  : SPAWN_P_UNSET),
                  0,
                  {},
                  {}};
  }
  return raw_;
}

}  // namespace spawn
