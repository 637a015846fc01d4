#include "sim/messages.hpp"

#include <cstring>

#include "model/reserved_metadata.hpp"
#include "sim/errand.hpp"
#include "state/rows/row_keys.hpp"
#include "wire/common.hpp"

namespace sim {

namespace wire = spawn::wire;

namespace {

struct type_facts {
  const char* name;
  int kind;  // ActorSettings.Kind
  bool stateful;
  spawn::durability mode;
};

constexpr type_facts parents[] = {
    {"log", 2, true, spawn::durability::commit},  {"log", 2, true, spawn::durability::commit},
    {"care", 2, true, spawn::durability::commit}, {"snap", 2, true, spawn::durability::snapshot},
    {"free", 2, false, spawn::durability::none},
};
constexpr const char* singles[] = {"clock0", "clock1", "ear0", "ear1", "ear2"};

std::string nested(std::uint32_t field, const std::string& bytes) {
  std::string out;
  wire::put_bytes(out, field, bytes);
  return out;
}

std::string timeout_strategy(std::uint64_t ms) {
  std::string inner;
  wire::put_number(inner, 1, ms);
  return nested(1, inner);
}

std::string action(std::string_view name) {
  std::string out;
  wire::put_text(out, 1, name);
  return out;
}

std::string actor_bytes(std::string_view name, int kind, bool stateful, const plan& of) {
  std::string settings;
  wire::put_number(settings, 1, static_cast<std::uint64_t>(kind));
  wire::put_number(settings, 2, stateful ? 1 : 0);
  wire::put_bytes(settings, 3, timeout_strategy(100));
  wire::put_bytes(settings, 4, timeout_strategy(of.deactivate_ms));
  wire::put_number(settings, 6, 3);
  std::string out;
  wire::put_actor_id(out, 1, {system_name, {}, name});
  wire::put_bytes(out, 3, settings);
  wire::put_bytes(out, 4, action("append"));
  wire::put_bytes(out, 4, action("peek"));
  if (name.starts_with("clock")) {
    wire::put_bytes(out, 4, action("init"));
    std::string timer;
    wire::put_number(timer, 1, 150);
    wire::put_bytes(timer, 2, action("tick"));
    wire::put_bytes(out, 5, timer);
  }
  if (is_listener({std::string(name), "", spawn::durability::commit, false})) {
    std::string channel;
    wire::put_text(channel, 1, channel_name);
    wire::put_text(channel, 2, "append");
    wire::put_bytes(out, 6, nested(1, channel));
  }
  return out;
}

std::string registry_entry(std::string_view name, const std::string& actor) {
  std::string out;
  wire::put_text(out, 1, name);
  wire::put_bytes(out, 2, actor);
  return out;
}

}  // namespace

std::vector<actor_facts> make_actors(const plan& of) {
  std::vector<actor_facts> out;
  for (std::uint32_t i = 0; i < of.actors; ++i) {
    const auto& parent = parents[i % std::size(parents)];
    out.push_back({"a" + std::to_string(i), parent.name, parent.mode, false});
  }
  for (const char* name : singles) {
    out.push_back({name, "", spawn::durability::commit, false});
  }
  out.push_back({"pool", "", spawn::durability::none, true});
  return out;
}

spawn::policies make_policies(const plan& of, spawn::workflow_port& flows) {
  spawn::policies out;
  out.fallback.mailbox_max = of.mailbox_max;
  out.types["care"] = out.fallback;
  out.types["care"].speculative = false;
  out.types["snap"] = out.fallback;
  out.types["snap"].mode = spawn::durability::snapshot;
  out.host = std::make_shared<spawn::host_address>(spawn::host_address{"default", "host", 1});
  spawn::definition served;
  served.type = errand_parent;
  served.kind = spawn::actor_kind::unnamed;
  served.stateful = true;
  served.deactivate_ms = of.deactivate_ms;
  served.policy = out.fallback;
  served.served_by = &flows;
  out.virtuals.emplace(errand_parent, std::move(served));
  return out;
}

std::string registration_bytes(const plan& of) {
  std::string registry;
  const auto add = [&](std::string_view name, int kind, bool stateful) {
    wire::put_bytes(registry, 1, registry_entry(name, actor_bytes(name, kind, stateful, of)));
  };
  for (const auto& parent : parents) {
    add(parent.name, parent.kind, parent.stateful);
  }
  for (const char* name : singles) {
    add(name, 1, true);
  }
  add("pool", 3, false);
  std::string system;
  wire::put_text(system, 1, system_name);
  wire::put_bytes(system, 2, registry);
  std::string service;
  wire::put_text(service, 1, "sim");
  std::string out;
  wire::put_bytes(out, 1, service);
  wire::put_bytes(out, 2, system);
  return out;
}

std::string spawn_bytes(const std::vector<actor_facts>& actors) {
  std::string out;
  for (const auto& a : actors) {
    if (!a.parent.empty()) {
      wire::put_actor_id(out, 1, {system_name, a.parent, a.name});
    }
  }
  return out;
}

bool is_listener(const actor_facts& actor) {
  return actor.parent.empty() && actor.name.starts_with("ear");
}

std::string place_of(const actor_facts& listener) {
  return spawn::row_actor({system_name, listener.parent, listener.name}) + "/append";
}

std::string any_of(std::string_view value) {
  std::string out;
  wire::append_any(out, "sim/Entries", value);
  return out;
}

std::string id_bytes(std::uint64_t id) {
  return {reinterpret_cast<const char*>(&id), sizeof id};
}

spawn::invocation_ptr make_message(const message_fields& from) {
  auto out = std::make_unique<spawn::invocation>();
  out->storage.reserve(256 + from.value.size());
  const auto keep = [&](std::string_view text) {
    const std::size_t at = out->storage.size();
    out->storage += text;
    return std::string_view(out->storage.data() + at, text.size());
  };
  out->target = {keep(system_name), {}, keep(from.name)};
  out->action = keep(from.action);
  out->argument = {spawn::presence::value,
                   keep(any_of(from.value.empty() ? id_bytes(from.id) : from.value))};
  out->register_ref = keep(from.register_ref);
  if (!from.idempotency_key.empty()) {
    out->metadata.push_back({keep(spawn::metadata_idempotency_key), keep(from.idempotency_key)});
  }
  if (from.caller != nullptr) {
    out->has_caller = true;
    out->caller = {out->target.system, keep(from.caller->parent), keep(from.caller->name)};
  }
  return out;
}

host_view read_host_call(std::string_view body) {
  host_view out;
  wire::reader r(body);
  while (r.next()) {
    switch (r.field()) {
      case 1: {
        spawn::actor_view id;
        static_cast<void>(wire::read_actor_id(r.bytes(), id));
        out.actor = id.name;
        break;
      }
      case 2:
        out.action = r.text();
        break;
      case 3: {
        wire::reader context(r.bytes());
        while (context.next()) {
          wire::any_view any;
          if (context.field() == 1 && wire::read_any(context.bytes(), any)) {
            out.state = entries_in(any.value);
          } else if (context.field() != 1) {
            context.skip();
          }
        }
        break;
      }
      case 4: {
        wire::any_view any;
        if (wire::read_any(r.bytes(), any) && any.value.size() == sizeof out.id) {
          std::memcpy(&out.id, any.value.data(), sizeof out.id);
        }
        break;
      }
      default:
        r.skip();
    }
  }
  return out;
}

std::string encode_part(const part& from) {
  return from.kind + id_bytes(from.id) + from.to;
}

part decode_part(std::string_view bytes) {
  part out;
  out.kind = bytes[0];
  std::memcpy(&out.id, bytes.data() + 1, sizeof out.id);
  out.to = bytes.substr(1 + sizeof out.id);
  return out;
}

std::string encode_answer(const host_answer& from) {
  std::string context;
  if (from.has_state) {
    wire::put_bytes(context, 1, any_of(bytes_of(from.state)));
  }
  if (!from.tag.empty()) {
    wire::put_entry(context, 5, {"t", from.tag});
  }
  std::string workflow;
  for (const auto& p : from.parts) {
    wire::put_bytes(workflow,
                    p.kind == 'E' || p.kind == 'S' ? 1
                    : p.kind == 'B'                ? 2
                                                   : 3,
                    encode_part(p));
  }
  std::string out;
  wire::put_bytes(out, 3, context);
  wire::put_bytes(out, 4, any_of(from.value));
  if (!workflow.empty()) {
    wire::put_bytes(out, 5, workflow);
  }
  wire::put_number(out, 7, from.checkpoint ? 1 : 0);
  return out;
}

}  // namespace sim
