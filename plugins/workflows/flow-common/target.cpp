#include "flow-common/target.hpp"

namespace spawn::plugin::flows {
namespace {

std::optional<json_template> optional_text(const config_reader& from, std::string_view key,
                                           const source_names& known) {
  const std::optional<config_reader> found = from.find(key);
  if (!found) {
    return std::nullopt;
  }
  (void)found->text();
  return json_template::compile(*found, known);
}

json_template required_text(const config_reader& from, std::string_view key,
                            const source_names& known) {
  const config_reader found = from.at(key);
  if (found.text().empty()) {
    found.refuse("is empty");
  }
  return json_template::compile(found, known);
}

std::string text_or_empty(const std::optional<json_template>& t, source_values& values) {
  return t ? t->text(values) : std::string{};
}

}  // namespace

target target::read(const config_reader& from, const source_names& known) {
  target out;
  out.actor_ = required_text(from, "actor", known);
  out.parent_ = optional_text(from, "parent", known);
  out.system_ = optional_text(from, "system", known);
  out.register_ref_ = optional_text(from, "register_ref", known);
  out.read_action(from, known);
  return out;
}

target target::with_action(const config_reader& from, const source_names& known) const {
  target out = *this;
  out.read_action(from, known);
  return out;
}

void target::read_action(const config_reader& from, const source_names& known) {
  action_ = required_text(from, "action", known);
  payload_.reset();
  if (const std::optional<config_reader> payload = from.find("payload")) {
    payload_ = json_template::compile(*payload, known);
  }
}

rendered_call target::render(source_values& values, std::string_view own_system) const {
  rendered_call out;
  out.system = text_or_empty(system_, values);
  if (out.system.empty()) {
    out.system = own_system;
  }
  out.parent = text_or_empty(parent_, values);
  out.register_ref = text_or_empty(register_ref_, values);
  out.actor = actor_.text(values);
  out.action = action_.text(values);
  if (out.actor.empty() || out.action.empty()) {
    throw render_error((out.actor.empty() ? actor_ : action_).path() + ": is empty");
  }
  out.payload = payload_ ? payload_->payload(values) : any_payload{SPAWN_P_NOOP, {}, {}};
  if (out.payload.size() > rendered_bytes_max) {
    throw render_error(payload_->path() + ": the payload is larger than " +
                       std::to_string(rendered_bytes_max) + " bytes");
  }
  return out;
}

std::vector<reference> target::references() const {
  std::vector<reference> out;
  const auto take = [&](const json_template& t) {
    out.insert(out.end(), t.references().begin(), t.references().end());
  };
  take(actor_);
  take(action_);
  for (const auto* field : {&parent_, &system_, &register_ref_, &payload_}) {
    if (*field) {
      take(**field);
    }
  }
  return out;
}

spawn_wf_command& add_invoke(step_output& out, const rendered_call& call,
                             const spawn_actor_ref& self, const metadata_entries& metadata) {
  const std::span<spawn_kv> entries = out.array<spawn_kv>(metadata.size());
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    entries[i] = {out.copy(metadata[i].first), out.copy(metadata[i].second)};
  }
  spawn_wf_command& c = out.add(SPAWN_WF_INVOKE);
  c.flags = SPAWN_WF_HAS_CALLER;
  c.caller = self;
  c.to = {out.copy(call.system), out.copy(call.parent), out.copy(call.actor)};
  c.register_ref = out.copy(call.register_ref);
  c.action = out.copy(call.action);
  c.payload = place(out, call.payload);
  c.metadata = entries.data();
  c.n_metadata = static_cast<std::uint32_t>(entries.size());
  return c;
}

void reply(step_output& out, std::uint64_t call_id, const any_payload& answer) {
  if (call_id != 0) {
    const spawn_payload placed = place(out, answer);
    spawn_wf_command& c = out.add(SPAWN_WF_REPLY);
    c.reply_to = call_id;
    c.payload = placed;
  }
}

void refuse(step_output& out, std::uint64_t call_id, spawn_status code, std::string_view why) {
  if (call_id != 0) {
    const spawn_slice placed = out.copy(why);
    spawn_wf_command& c = out.add(SPAWN_WF_FAIL);
    c.reply_to = call_id;
    c.code = code;
    c.bytes = placed;
  }
}

}  // namespace spawn::plugin::flows
