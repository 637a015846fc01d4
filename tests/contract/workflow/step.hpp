// step and command: what goes into a workflow plugin and what comes out, with memory of their own.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spawn/plugin/workflow.h"

namespace spawn::contract {

struct payload {
  std::uint32_t presence = SPAWN_P_UNSET;
  std::string type_url, value;
  bool operator==(const payload&) const = default;
};

struct actor {
  std::string system, parent, name;
  bool operator==(const actor&) const = default;
};

using metadata = std::vector<std::pair<std::string, std::string>>;

// The values of a step. A run lays them out in memory whose last byte lies against a page that may
// not be read, so that a plugin that reads too far is caught in every build.
struct step {
  std::uint32_t event = SPAWN_WF_BEGIN;
  std::string part_type, part;
  actor self{"shop", "", "cart"}, caller{"shop", "", "web"};
  std::string action = "add";
  payload request{SPAWN_P_VALUE, "type.example/Request", "req"};
  payload response{SPAWN_P_VALUE, "type.example/Response", "resp"};
  metadata meta;
  std::uint32_t hops = 0;
  std::int64_t now_unix_ms = 1'700'000'000'000;
  std::int64_t deadline_unix_ms = 1'700'000'060'000;
  std::uint32_t struct_size = sizeof(spawn_wf_step);
  std::uint32_t attempt = 1;
  std::uint64_t flow_id = 0, call_id = 7, token = 0;
  std::string scratch;
  std::uint32_t scratch_schema = 0;
  spawn_status status = SPAWN_OK;
  std::string error;
};

// One command, copied.
struct command {
  std::uint32_t kind = 0, mode = 0, flags = 0;
  std::uint64_t token = 0, reply_to = 0, timeout_ms = 0;
  actor to, caller;
  std::string register_ref, action, channel, bytes;
  contract::payload payload;
  metadata meta;
  spawn_status code = 0;
  std::int64_t due_unix_ms = 0;
  std::uint32_t schema = 0;
  bool operator==(const command&) const = default;
};

// A step in the form of the ABI, pinned, with its bytes.
class pinned_step {
 public:
  explicit pinned_step(const step& from);
  ~pinned_step();
  pinned_step(pinned_step&&) = delete;

  [[nodiscard]] spawn_wf_step& raw() { return *raw_; }

 private:
  struct pages;
  spawn_slice place(std::string_view bytes);
  spawn_actor_ref place(const actor& from);
  spawn_payload place(const payload& from);

  std::unique_ptr<spawn_wf_step> raw_;
  std::unique_ptr<pages> pages_;
  std::vector<std::string> held_;
  std::vector<spawn_kv> metadata_;
};

[[nodiscard]] command copy_of(const spawn_wf_command& from);
[[nodiscard]] std::string fingerprint_of(const command& c);

}  // namespace spawn::contract
