// publish: a message to a sink, a broker outside. It is stored with the state of the actor that
// answered and goes out afterwards, so either both are or neither.
#include "spawn/plugin/cpp/workflow.hpp"
#include "spawn_manifest.h"

namespace spawn::plugin {
namespace {

// spawn.workflows.Publish; borrows the part.
struct publish_part {
  spawn_slice sink{}, key{}, destination{};
  spawn_payload payload{};
};

class publish {
 public:
  static constexpr const char* part_types[] = {"Publish", nullptr};

  explicit publish(const create_args&) {}

  void step(const spawn_wf_step& in, step_output& out) const {
    publish_part part;
    std::size_t headers = 0;
    if (const char* wrong = read(in.part, part, headers)) {
      out.fail(SPAWN_E_INVALID, std::string("publish: ") + wrong);
      return;
    }
    if (headers + 2 > SPAWN_WF_METADATA_MAX) {
      out.fail(SPAWN_E_TOO_LARGE, "publish: more than 126 headers");
      return;
    }
    spawn_wf_command& command = out.add(SPAWN_WF_PUBLISH);
    command.channel = part.sink;
    command.payload = part.payload.presence == SPAWN_P_UNSET ? in.response : part.payload;
    std::span<spawn_kv> metadata = out.array<spawn_kv>(headers + 2);
    std::size_t used = 0;
    if (part.key.len != 0) {
      metadata[used++] = {slice("publish-key"), part.key};
    }
    if (part.destination.len != 0) {
      metadata[used++] = {slice("publish-destination"), part.destination};
    }
    spawn_wire_reader r = spawn_wire_read(in.part);
    spawn_wire_field f;
    while (spawn_wire_next(&r, &f)) {
      spawn_kv header;
      if (f.number == field_headers && spawn_wire_take_entry(&f, &header) != 0) {
        used = put(metadata, used, header);
      }
    }
    command.metadata = metadata.data();
    command.n_metadata = static_cast<std::uint32_t>(used);
  }

 private:
  static constexpr std::uint32_t field_headers = 5;

  // What is malformed, or nothing.
  static const char* read(spawn_slice bytes, publish_part& out, std::size_t& headers) {
    spawn_wire_reader r = spawn_wire_read(bytes);
    spawn_wire_field f;
    while (spawn_wire_next(&r, &f)) {
      spawn_kv ignored;
      if (f.number == 1 && spawn_wire_take(&f, &out.sink) == 0) {
        return "sink is not a string";
      }
      if (f.number == 2 && spawn_wire_take_value(&f, &out.payload) == 0) {
        return "value is not an Any";
      }
      if (f.number == 3 && spawn_wire_take(&f, &out.key) == 0) {
        return "key is not a string";
      }
      if (f.number == 4 && spawn_wire_take(&f, &out.destination) == 0) {
        return "destination is not a string";
      }
      if (f.number == field_headers) {
        if (spawn_wire_take_entry(&f, &ignored) == 0) {
          return "headers has an entry that is none";
        }
        ++headers;
      }
    }
    if (r.failed) {
      return "the part is cut off or malformed";
    }
    return out.sink.len == 0 ? "sink is empty" : nullptr;
  }

  // No key twice: a later entry takes the place of an earlier one.
  static std::size_t put(std::span<spawn_kv> into, std::size_t used, const spawn_kv& entry) {
    for (spawn_kv& known : into.first(used)) {
      if (text(known.key) == text(entry.key)) {
        known.value = entry.value;
        return used;
      }
    }
    into[used] = entry;
    return used + 1;
  }
};

}  // namespace
}  // namespace spawn::plugin

SPAWN_PLUGIN(spawn::plugin::publish, SPAWN_PLUGIN_MANIFEST_JSON,
             spawn::plugin::workflow_glue<spawn::plugin::publish>)
