#include "wire/registration.hpp"

#include "base/hash.hpp"
#include "wire/common.hpp"

namespace spawn::wire {
namespace {

tl::unexpected<error> malformed(std::string_view what) {
  return fail(errc::invalid, std::string(what) + " is malformed");
}

result<void> check_name(std::string_view what, std::string_view name) {
  if (name.empty()) {
    return fail(errc::invalid, std::string(what) + " is empty");
  }
  if (name.size() > limits::name_bytes_max) {
    return fail(errc::invalid, std::string(what) + " has " + std::to_string(name.size()) +
                                   " bytes, at most " + std::to_string(limits::name_bytes_max) +
                                   " are allowed");
  }
  return {};
}

// ActorSnapshotStrategy and ActorDeactivationStrategy: oneof {timeout=1 {timeout=1 : int64}}.
// Absent or <= 0 means the default (protocol.md 5.2 [K]).
bool read_strategy(std::string_view bytes, std::uint64_t& ms) {
  reader outer(bytes);
  while (outer.next()) {
    if (outer.field() != 1) {
      outer.skip();
      continue;
    }
    reader inner(outer.bytes());
    while (inner.next()) {
      if (inner.field() == 1) {
        const auto value = inner.int64();
        if (value > 0) {
          ms = static_cast<std::uint64_t>(value);
        }
      } else {
        inner.skip();
      }
    }
    if (!inner.ok()) {
      return false;
    }
  }
  return outer.ok();
}

bool read_settings(std::string_view bytes, definition& out) {
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1: {
        const auto kind = r.varint();
        out.kind = kind <= 6 ? static_cast<actor_kind>(kind) : actor_kind::unknown;
        break;
      }
      case 2:
        out.stateful = r.boolean();
        break;
      case 3: {
        if (!read_strategy(r.bytes(), out.snapshot_ms)) {
          return false;
        }
        break;
      }
      case 4:
        if (!read_strategy(r.bytes(), out.deactivate_ms)) {
          return false;
        }
        break;
      case 6: {
        const auto most = r.int32();
        if (most > 0) {
          out.pool_max = static_cast<std::uint32_t>(most);
        }
        break;
      }
      default:
        r.skip();
    }
  }
  return r.ok();
}

bool read_action_name(std::string_view bytes, std::string& name) {
  reader r(bytes);
  while (r.next()) {
    if (r.field() == 1) {
      name = r.text();
    } else {
      r.skip();
    }
  }
  return r.ok();
}

bool read_timer(std::string_view bytes, definition& out) {
  timer_binding timer;
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1: {
        const auto ms = r.int32();  // named seconds, but milliseconds (protocol.md 5.9)
        timer.period_ms = ms > 0 ? static_cast<std::uint64_t>(ms) : 0;
        break;
      }
      case 2:
        if (!read_action_name(r.bytes(), timer.action)) {
          return false;
        }
        break;
      default:
        r.skip();
    }
  }
  if (r.ok() && timer.period_ms > 0 && !timer.action.empty()) {
    out.timers.push_back(std::move(timer));
  }
  return r.ok();
}

bool read_state(std::string_view bytes, definition& out) {
  std::vector<kv_view> tags;
  reader r(bytes);
  while (r.next()) {
    if (r.field() == 1) {
      kv_view entry;
      if (!read_entry(r.bytes(), entry)) {
        return false;
      }
      tags.push_back(entry);
    } else if (r.field() == 2) {
      out.initial_any = r.bytes();
      any_view parsed;
      if (!read_any(out.initial_any, parsed)) {
        return false;
      }
    } else {
      r.skip();
    }
  }
  out.initial_tags = canonical_tags(tags);
  return r.ok();
}

// A Channel message, or - from the Python and Rust SDKs - the topic as plain text. A real topic
// never begins with the bytes of a Channel's first tag (protocol.md 3.6).
void read_channel(std::string_view element, definition& out) {
  channel_binding binding;
  bool is_message = false;
  if (!element.empty() && (element[0] == '\x0a' || element[0] == '\x12')) {
    reader r(element);
    while (r.next()) {
      switch (r.field()) {
        case 1:
          binding.topic = r.text();
          break;
        case 2:
          binding.action = r.text();
          break;
        default:
          r.skip();
      }
    }
    is_message = r.ok();
  }
  if (!is_message) {
    binding = {std::string(element), {}};
  }
  if (binding.topic.empty()) {
    return;
  }
  if (binding.action.empty()) {
    binding.action = "receive";
  }
  out.channels.push_back(std::move(binding));
}

bool read_metadata(std::string_view bytes, definition& out) {
  reader r(bytes);
  while (r.next()) {
    if (r.field() == 1) {
      read_channel(r.bytes(), out);
    } else {
      r.skip();
    }
  }
  return r.ok();
}

}  // namespace

result<service_info> read_service_info(std::string_view bytes) {
  service_info out;
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        out.name = r.text();
        break;
      case 2:
        out.version = r.text();
        break;
      case 3:
        out.runtime = r.text();
        break;
      case 4:
        out.library = r.text();
        break;
      case 5:
        out.library_version = r.text();
        break;
      default:
        r.skip();
    }
  }
  if (!r.ok()) {
    return malformed("RegistrationRequest.service_info");
  }
  return out;
}

namespace {

result<void> read_registry(std::string_view bytes, registration& out) {
  reader r(bytes);
  while (r.next()) {
    if (r.field() != 1) {
      r.skip();
      continue;
    }
    actor_entry entry;
    reader pair(r.bytes());
    while (pair.next()) {
      switch (pair.field()) {
        case 1:
          entry.name = pair.text();
          break;
        case 2:
          entry.encoded = pair.bytes();
          break;
        default:
          pair.skip();
      }
    }
    if (!pair.ok()) {
      return malformed("RegistrationRequest.actor_system.registry");
    }
    out.actors.push_back(entry);
  }
  if (!r.ok()) {
    return malformed("RegistrationRequest.actor_system.registry");
  }
  return {};
}

}  // namespace

result<registration> read_registration(std::string_view bytes, std::string_view system_meant) {
  registration out;
  bool has_system = false;
  reader r(bytes);
  while (r.next()) {
    if (r.field() == 1) {
      out.encoded_service = r.bytes();
      out.has_service = true;
      if (r.ok()) {
        SPAWN_TRY(out.service, read_service_info(out.encoded_service));
      }
    } else if (r.field() == 2) {
      has_system = true;
      reader system(r.bytes());
      while (system.next()) {
        if (system.field() == 1) {
          out.system = system.text();
        } else if (system.field() == 2) {
          const auto registry = system.bytes();
          if (system.ok()) {
            SPAWN_CHECK(read_registry(registry, out));
          }
        } else {
          system.skip();
        }
      }
      if (!system.ok()) {
        return malformed("RegistrationRequest.actor_system");
      }
    } else {
      r.skip();
    }
  }
  if (!r.ok()) {
    return fail(errc::invalid, "the body is not a RegistrationRequest");
  }
  if (!has_system) {
    return fail(errc::invalid, "RegistrationRequest.actor_system is missing");
  }
  if (out.system.empty()) {
    out.system = system_meant;
  }
  SPAWN_CHECK(check_name("RegistrationRequest.actor_system.name", out.system));
  return out;
}

result<std::shared_ptr<definition>> read_definition(std::string_view actor, std::string_view system,
                                                    std::string_view fallback_name) {
  auto out = std::make_shared<definition>();
  const std::string where = "actor \"" + std::string(fallback_name) + "\"";
  actor_view id;
  reader r(actor);
  bool good = true;
  while (good && r.next()) {
    switch (r.field()) {
      case 1:
        good = read_actor_id(r.bytes(), id);
        break;
      case 2:
        good = read_state(r.bytes(), *out);
        break;
      case 3:
        good = read_settings(r.bytes(), *out);
        break;
      case 4: {
        std::string name;
        good = read_action_name(r.bytes(), name);
        if (good && !name.empty()) {
          out->actions.push_back(std::move(name));
        }
        break;
      }
      case 5:
        good = read_timer(r.bytes(), *out);
        break;
      case 6:
        good = read_metadata(r.bytes(), *out);
        break;
      default:
        r.skip();
    }
  }
  if (!good || !r.ok()) {
    return malformed(where);
  }
  out->system = id.system.empty() ? system : id.system;
  out->type = id.name.empty() ? fallback_name : id.name;
  SPAWN_CHECK(check_name(where + " name", out->type));
  SPAWN_CHECK(check_name(where + " system", out->system));
  for (const auto& action : out->actions) {
    SPAWN_CHECK(check_name(where + " action name", action));
    out->own_defaults = out->own_defaults || is_default_action(action);
    if (out->init_action.empty() && is_init_action(action)) {
      out->init_action = action;
    }
  }
  for (const auto& timer : out->timers) {
    SPAWN_CHECK(check_name(where + " timer action name", timer.action));
    out->own_defaults = out->own_defaults || is_default_action(timer.action);
  }
  out->hash = hash_bytes(actor);
  return out;
}

result<std::vector<spawn_entry>> read_spawn(std::string_view bytes) {
  std::vector<spawn_entry> out;
  reader r(bytes);
  while (r.next()) {
    if (r.field() != 1) {
      r.skip();
      continue;
    }
    actor_view id;
    if (!read_actor_id(r.bytes(), id)) {
      return malformed("SpawnRequest.actors");
    }
    out.push_back({id.system, id.parent, id.name});
  }
  if (!r.ok()) {
    return fail(errc::invalid, "the body is not a SpawnRequest");
  }
  for (const auto& entry : out) {
    SPAWN_CHECK(check_name("SpawnRequest.actors.name", entry.name));
    SPAWN_CHECK(check_name("SpawnRequest.actors.system", entry.system));
    SPAWN_CHECK(check_name("SpawnRequest.actors.parent", entry.parent));
  }
  return out;
}

}  // namespace spawn::wire
