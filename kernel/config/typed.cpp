#include "config/typed.hpp"

#include <charconv>

#include "config/scalar.hpp"
#include "config/secrets.hpp"

namespace spawn::config {
namespace {

void read_limits(const value& root, limit_settings& out) {
  const auto in = [&root](std::string_view key) { return at(root, {"limits", key}); };
  take(in("inflight_bytes"), out.inflight_bytes);
  take(in("active_actors"), out.active_actors);
  take(in("connections"), out.connections);
  take(in("mailbox"), out.mailbox);
  take(in("lane_requests"), out.lane_requests);
  take(in("host_waiting"), out.host_waiting);
  take(in("body_bytes"), out.body_bytes);
  take(in("header_bytes"), out.header_bytes);
  take(in("host_reply_bytes"), out.host_reply_bytes);
  take(in("metadata_bytes"), out.metadata_bytes);
  take(in("metadata_entries"), out.metadata_entries);
  take(in("commands_per_turn"), out.commands_per_turn);
  take(in("hops"), out.hops);
  take(in("save_turns"), out.save_turns);
  take(in("save_bytes"), out.save_bytes);
  take(in("group_ops"), out.group_ops);
  take(in("pool_parallel"), out.pool_parallel);
}

void read_timeouts(const value& root, timeout_settings& out) {
  const auto in = [&root](std::string_view key) { return at(root, {"timeouts", key}); };
  take(in("request_ms"), out.request_ms);
  take(in("request_max_ms"), out.request_max_ms);
  take(in("deactivate_ms"), out.deactivate_ms);
  take(in("deactivate_jitter_ms"), out.deactivate_jitter_ms);
  take(in("snapshot_ms"), out.snapshot_ms);
  take(in("client_read_ms"), out.client_read_ms);
  take(in("client_idle_ms"), out.client_idle_ms);
  take(in("doubt_ms"), out.doubt_ms);
  take(in("drain_ms"), out.drain_ms);
}

void read_telemetry(const value& root, telemetry_settings& out) {
  if (const value* level = at(root, {"telemetry", "log", "level"})) {
    out.log_level = log::parse_level(level->text);
  }
  if (const value* format = at(root, {"telemetry", "log", "format"})) {
    out.log_format = format->text == "json"   ? log::format::json
                     : format->text == "text" ? log::format::text
                                              : log::format::automatic;
  }
  take(at(root, {"telemetry", "metrics", "enabled"}), out.metrics);
}

void read_durability(const value& root, durability_settings& out) {
  if (const value* mode = at(root, {"durability", "default"})) {
    out.mode = to_durability(mode->text);
  }
  take(at(root, {"durability", "allow_volatile"}), out.allow_volatile);
  if (const value* history = at(root, {"durability", "history"})) {
    out.history = to_history(*history);
  }
  const auto of_messages = [&](const char* key) {
    return at(root, {"durability", "messages", key});
  };
  take(of_messages("attempts"), out.messages.attempts);
  take(of_messages("backoff_first_ms"), out.messages.backoff_first_ms);
  take(of_messages("backoff_max_ms"), out.messages.backoff_max_ms);
  take(of_messages("dead_letters_keep_s"), out.messages.dead_letters_keep_s);
  take(of_messages("idempotency_keys_keep_s"), out.messages.idempotency_keys_keep_s);
}

void read_runtime(const value& root, runtime_settings& out) {
  if (const value* lanes = at(root, {"runtime", "lanes"})) {
    out.lanes = lanes->is == value::kind::integer ? static_cast<std::uint32_t>(lanes->integer) : 0;
  }
  take(at(root, {"runtime", "pin"}), out.pin);
  take(at(root, {"runtime", "lane_stall_ms"}), out.lane_stall_ms);
}

}  // namespace

const actor_rule* settings::rule_for(std::string_view type) const {
  for (const auto& rule : actors) {
    if (rule.type == type) {
      return &rule;
    }
  }
  return nullptr;
}

const value* at(const value& root, std::initializer_list<std::string_view> path) {
  const value* here = &root;
  for (const auto key : path) {
    here = here == nullptr ? nullptr : here->find(key);
  }
  return here;
}

void take(const value* from, std::string& out) {
  if (from != nullptr) {
    out = from->text;
  }
}

void take(const value* from, bool& out) {
  if (from != nullptr) {
    out = from->boolean;
  }
}

durability_mode to_durability(std::string_view word) {
  if (word == "snapshot") {
    return durability_mode::snapshot;
  }
  return word == "none" ? durability_mode::none : durability_mode::commit;
}

history_rule to_history(const value& history) {
  history_rule out;
  const value* keep = history.find("keep");
  if (keep == nullptr) {
    return out;
  }
  if (keep->is == value::kind::integer) {
    out.revisions = static_cast<std::uint32_t>(keep->integer);
    return out;
  }
  // The schema let through digits and one unit letter.
  std::uint64_t amount = 0;
  std::from_chars(keep->text.data(), keep->text.data() + keep->text.size() - 1, amount);
  switch (keep->text.back()) {
    case 's':
      out.age_ms = amount * 1'000;
      break;
    case 'm':
      out.age_ms = amount * 60'000;
      break;
    case 'h':
      out.age_ms = amount * 3'600'000;
      break;
    default:
      out.age_ms = amount * 86'400'000;
      break;
  }
  return out;
}

void read_encryption(const value& root, settings& out, reading& in) {
  const auto decode = [&in](const value& text,
                            std::string_view pointer) -> std::optional<key_bytes> {
    auto key = decode_key(text.text);
    if (!key) {
      in.found.add(text.at, pointer, key.error().text);
      return std::nullopt;
    }
    if (!text.secret) {
      in.notices.push_back(dotted(pointer) + ": the key is written in clear in " +
                           where(text.at, in.file) + "; ${VAR} or ${file:/path} keeps it out");
    }
    return *key;
  };
  take(at(root, {"encryption", "required"}), out.encryption.required);
  if (const value* key = at(root, {"encryption", "key"})) {
    out.encryption.key = decode(*key, "/encryption/key");
  } else if (out.encryption.required) {
    in.found.add(at(root, {"encryption", "required"})->at, "/encryption/key",
                 "encryption.required is true but there is no key; set encryption.key or "
                 "SPAWN_STATESTORE_KEY");
  }
  if (const value* keys = at(root, {"encryption", "keys"})) {
    for (std::size_t i = 0; i < keys->items.size(); ++i) {
      const auto pointer = pointer_step("/encryption/keys", std::to_string(i));
      if (const auto key = decode(keys->items[i], pointer)) {
        out.encryption.keys.push_back(*key);
      }
    }
  }
}

settings to_settings(const value& root, reading& in) {
  settings out;
  take(at(root, {"system"}), out.system);
  read_runtime(root, out.runtime);
  read_network(root, out, in);
  read_hosts(root, out, in);
  read_plugins(root, out, in);
  read_durability(root, out.durability);
  read_encryption(root, out, in);
  read_policies(root, out, in);
  read_actors(root, out, in);
  take(at(root, {"timers", "enabled"}), out.timers_enabled);
  take(at(root, {"cross_system", "enabled"}), out.cross_system);
  read_limits(root, out.limits);
  read_timeouts(root, out.timeouts);
  read_telemetry(root, out.telemetry);
  check_references(root, out, in);
  return out;
}

}  // namespace spawn::config
