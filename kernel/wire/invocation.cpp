#include "wire/invocation.hpp"

#include "base/limits.hpp"
#include "model/reserved_metadata.hpp"
#include "wire/common.hpp"
#include "wire/status.hpp"

namespace spawn::wire {
namespace {

tl::unexpected<error> malformed(std::string_view field) {
  return fail(errc::invalid, "InvocationRequest." + std::string(field) + " is malformed");
}

tl::unexpected<error> missing(std::string_view field) {
  return fail(errc::invalid, "InvocationRequest." + std::string(field) + " is missing");
}

result<void> check_name(std::string_view field, std::string_view name) {
  if (name.size() > limits::name_bytes_max) {
    return fail(errc::invalid, "InvocationRequest." + std::string(field) + " has " +
                                   std::to_string(name.size()) + " bytes, at most " +
                                   std::to_string(limits::name_bytes_max) + " are allowed");
  }
  return {};
}

// spawn.actors.ActorSystem{name=1, registry=2}
bool read_system(std::string_view bytes, std::string_view& name) {
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

// spawn.actors.Actor: only its id counts in a request.
bool read_actor(std::string_view bytes, actor_view& id, bool& has_id) {
  reader r(bytes);
  while (r.next()) {
    if (r.field() == 1) {
      has_id = true;
      if (!read_actor_id(r.bytes(), id)) {
        return false;
      }
    } else {
      r.skip();
    }
  }
  return r.ok();
}

result<void> check_request(const invocation& request) {
  SPAWN_CHECK(check_name("actor.id.name", request.target.name));
  SPAWN_CHECK(check_name("actor.id.system", request.target.system));
  SPAWN_CHECK(check_name("actor.id.parent", request.target.parent));
  SPAWN_CHECK(check_name("action_name", request.action));
  SPAWN_CHECK(check_name("register_ref", request.register_ref));
  if (request.metadata.size() > limits::in_force.metadata_entries) {
    return fail(errc::invalid, "InvocationRequest.metadata has " +
                                   std::to_string(request.metadata.size()) + " entries, at most " +
                                   std::to_string(limits::in_force.metadata_entries) +
                                   " are allowed");
  }
  std::size_t bytes = 0;
  for (const auto& entry : request.metadata) {
    bytes += entry.key.size() + entry.value.size();
  }
  if (bytes > limits::in_force.metadata_bytes) {
    return fail(errc::invalid,
                "InvocationRequest.metadata has " + std::to_string(bytes) + " bytes, at most " +
                    std::to_string(limits::in_force.metadata_bytes) + " are allowed");
  }
  return {};
}

}  // namespace

result<void> read_invocation(invocation& into, echo& repeat) {
  std::string_view system_name;
  bool has_system = false;
  bool has_actor = false;
  bool has_id = false;
  reader r(into.storage);
  while (r.next()) {
    switch (r.field()) {
      case 1: {
        const auto bytes = r.bytes();
        has_system = true;
        if (!r.ok() || !read_system(bytes, system_name)) {
          return malformed("system");
        }
        put_bytes(repeat, 2, bytes);
        break;
      }
      case 2: {
        const auto bytes = r.bytes();
        has_actor = true;
        if (!r.ok() || !read_actor(bytes, into.target, has_id)) {
          return malformed("actor");
        }
        put_bytes(repeat, 3, bytes);
        break;
      }
      case 3:
        into.action = r.text();
        break;
      case 4:
        into.argument = {presence::value, r.bytes()};
        break;
      case 5:
        into.is_async = r.boolean();
        break;
      case 6:
        into.has_caller = true;
        if (!read_actor_id(r.bytes(), into.caller)) {
          return malformed("caller");
        }
        break;
      case 7:
        static_cast<void>(r.bytes());
        into.argument = {presence::noop, {}};
        break;
      case 8: {
        kv_view entry;
        if (!read_entry(r.bytes(), entry)) {
          return malformed("metadata");
        }
        if (!entry.key.starts_with(metadata_reserved_prefix)) {
          into.metadata.push_back(entry);
        }
        break;
      }
      case 9:
        into.scheduled_to = r.int64();
        break;
      case 10:
        into.pooled = r.boolean();
        break;
      case 11:
        into.register_ref = r.text();
        break;
      default:
        r.skip();
    }
  }
  if (!r.ok()) {
    return fail(errc::invalid, "the body is not an InvocationRequest");
  }
  if (!has_system) {
    return missing("system");
  }
  if (!has_actor) {
    return missing("actor");
  }
  if (!has_id || into.target.name.empty()) {
    return missing("actor.id.name");
  }
  SPAWN_CHECK(check_name("system.name", system_name));
  if (into.target.system.empty()) {
    into.target.system = system_name;
  }
  if (into.target.system.empty()) {
    return missing("system.name");
  }
  if (into.action.empty()) {
    return missing("action_name");
  }
  return check_request(into);
}

void append_invocation_response(std::string& out, const outcome& ended, std::string_view repeat) {
  const auto said = ended.ok()                              ? status::ok
                    : ended.why == failure::actor_not_found ? status::actor_not_found
                                                            : status::error;
  append_status(out, 1, said, ended.message());
  out += repeat;
  if (ended.value.kind == presence::value) {
    put_bytes(out, 4, ended.value.any);
  } else if (ended.value.kind == presence::noop) {
    put_bytes(out, 5, {});
  }
}

void append_invocation_request(std::string& out, const invocation_fields& fields) {
  std::string scratch;
  put_text(scratch, 1, fields.target.system);
  put_bytes(out, 1, scratch);
  scratch.clear();
  put_actor_id(scratch, 1, fields.target);
  put_bytes(out, 2, scratch);
  put_text(out, 3, fields.action);
  if (fields.argument.kind == presence::value) {
    put_bytes(out, 4, fields.argument.any);
  }
  put_number(out, 5, fields.is_async ? 1 : 0);
  if (fields.has_caller) {
    put_actor_id(out, 6, fields.caller);
  }
  if (fields.argument.kind == presence::noop) {
    put_bytes(out, 7, {});
  }
  for (const kv_view& each : fields.metadata) {
    put_entry(out, 8, each);
  }
  put_number(out, 9, static_cast<std::uint64_t>(fields.scheduled_to));
  put_number(out, 10, fields.pooled ? 1 : 0);
  put_text(out, 11, fields.register_ref);
}

}  // namespace spawn::wire
