#include "flow-common/start_part.hpp"

#include <string>

#include "flow-common/json_text.hpp"

namespace spawn::plugin::flows {
namespace {

struct start_part {
  spawn_slice name{}, id{};
  spawn_payload input{};
};

// NULL, or what is malformed.
const char* read(spawn_slice bytes, start_part& part) {
  spawn_wire_reader r = spawn_wire_read(bytes);
  spawn_wire_field f;
  while (spawn_wire_next(&r, &f)) {
    if (f.number == 1 && spawn_wire_take(&f, &part.name) == 0) {
      return "name is not a string";
    }
    if (f.number == 2 && spawn_wire_take(&f, &part.id) == 0) {
      return "id is not a string";
    }
    if (f.number == 3 && spawn_wire_take_value(&f, &part.input) == 0) {
      return "input is not an Any";
    }
  }
  return r.failed != 0 ? "the message is cut off or malformed" : nullptr;
}

void append_hex(std::string& to, std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) {
    to += digits[value >> shift & 15u];
  }
}

std::string made_id(const spawn_wf_step& in) {
  std::string content;
  append_hex(content, in.flow_id);
  append_hex(content, in.call_id);
  for (const spawn_slice& piece :
       {in.self.system, in.self.parent, in.self.name, in.part_type, in.part}) {
    append_hex(content, piece.len);
    content += text(piece);
  }
  std::string id;
  append_hex(id, hash_of(content));
  append_hex(id, hash_of(content, 0x9E3779B97F4A7C15u));
  return id;
}

}  // namespace

void start_from_part(const spawn_wf_step& in, const virtual_parents& parents, std::string_view type,
                     step_output& out) {
  const auto refuse = [&](const std::string& why) {
    out.fail(SPAWN_E_INVALID, std::string(type) + ": " + why);
  };
  start_part part;
  if (const char* wrong = read(in.part, part)) {
    return refuse(wrong);
  }
  const std::string parent = parents.prefix() + std::string(text(part.name));
  if (parents.index_of(parent) == std::string_view::npos) {
    return refuse("\"" + std::string(shortened(text(part.name), 64)) +
                  "\" is not declared in the configuration");
  }
  if (part.id.len == 0 && in.flow_id == 0) {
    return refuse("id is empty, and the step has nothing to make one from");
  }
  const spawn_slice to_parent = out.copy(parent);
  const spawn_slice id = part.id.len != 0 ? part.id : out.copy(made_id(in));
  spawn_wf_command& c = out.add(SPAWN_WF_INVOKE);
  c.mode = SPAWN_WF_DETACH;
  c.flags = SPAWN_WF_HAS_CALLER;
  c.caller = in.self;
  c.to = {in.self.system, to_parent, id};
  c.action = slice("start");
  c.payload = part.input;
}

}  // namespace spawn::plugin::flows
