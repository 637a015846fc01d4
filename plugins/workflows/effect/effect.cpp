// effect: calls another actor after this turn and forgets about the outcome. The metadata of the
// request goes along, overlaid with the effect's own; `scheduled_to` delays the call.
#include <cstdint>
#include <limits>

#include "spawn/plugin/cpp/workflow.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

// A time before March 1973 is no sensible moment to wait for: SDKs that send such values mean
// milliseconds from now.
constexpr std::int64_t relative_below_ms = 100'000'000'000;

// When the call is due as wall time; 0 is now, as are moments in the past.
[[nodiscard]] std::int64_t due_of(std::int64_t scheduled_to, std::int64_t now_unix_ms) {
  if (scheduled_to <= 0) {
    return 0;
  }
  if (scheduled_to >= relative_below_ms) {
    return scheduled_to;
  }
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  return now_unix_ms > last - scheduled_to ? last : now_unix_ms + scheduled_to;
}

// One entry per key: an entry with a known key takes its place, another goes to the end.
[[nodiscard]] std::size_t overlay(std::span<spawn_kv> into, std::size_t used,
                                  const spawn_kv& entry) {
  for (spawn_kv& known : into.first(used)) {
    if (text(known.key) == text(entry.key)) {
      known.value = entry.value;
      return used;
    }
  }
  into[used] = entry;
  return used + 1;
}

class effect {
 public:
  static constexpr const char* part_types[] = {"effect", nullptr};

  explicit effect(const create_args&) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    spawn_wire_effect part;
    if (const char* wrong = spawn_wire_read_effect(in.part, &part)) {
      out.fail(SPAWN_E_INVALID, std::string("effect: ") + wrong);
      return;
    }
    if (part.to.name.len == 0) {
      out.fail(SPAWN_E_INVALID, part.has_request ? "effect: request.actor.id.name is empty"
                                                 : "effect: request is missing");
      return;
    }
    // Bounded before anything is merged: the overlay compares every key with every other.
    if (part.n_metadata > SPAWN_WF_METADATA_MAX || in.n_metadata > SPAWN_WF_METADATA_MAX) {
      out.fail(SPAWN_E_TOO_LARGE, "effect: more than 128 metadata entries");
      return;
    }
    spawn_wf_command& command = out.add(SPAWN_WF_INVOKE);
    command.mode = SPAWN_WF_DETACH;
    command.flags = (part.pooled ? std::uint32_t{SPAWN_WF_POOLED} : 0) |
                    (part.has_caller ? std::uint32_t{SPAWN_WF_HAS_CALLER} : 0);
    command.caller = part.caller;
    command.to = part.to;
    if (command.to.system.len == 0) {
      command.to.system = in.self.system;
    }
    command.register_ref = part.register_ref;
    command.action = part.action;
    command.payload = part.payload;
    command.due_unix_ms = due_of(part.scheduled_to, in.now_unix_ms);
    set_metadata(in, part.n_metadata, command, out);
  }

 private:
  static void set_metadata(const spawn_wf_step& in, std::uint32_t n_own, spawn_wf_command& command,
                           step_output& out) {
    command.metadata = in.metadata;
    command.n_metadata = in.n_metadata;
    if (n_own == 0) {
      return;
    }
    std::span<spawn_kv> merged = out.array<spawn_kv>(std::size_t{in.n_metadata} + n_own);
    std::size_t used = 0;
    for (const spawn_kv& entry : std::span(in.metadata, in.n_metadata)) {
      merged[used++] = entry;
    }
    spawn_wire_effect_metadata own = spawn_wire_effect_metadata_of(in.part);
    spawn_kv entry;
    while (spawn_wire_effect_metadata_next(&own, &entry)) {
      used = overlay(merged, used, entry);
    }
    command.metadata = merged.data();
    command.n_metadata = static_cast<std::uint32_t>(used);
  }
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::effect, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::effect>)
