// What a kernel and a plugin's process say to each other. A frame is its type, then its fields.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "plugin/isolate/codec.hpp"

namespace spawn::isolate {

enum class frame : std::uint8_t {
  // To the child, on channel 0.
  create = 1,  // create_order
  life,        // u64 id, life_step, ask
  admin,       // u64 id, admin_step, ask
  destroy,
  reply,     // u64 id, i32 status, bytes: what the kernel answers to cursor_get
  describe,  // u64 id, u32 schema, bytes scratch
  // To the child, on a lane's channel.
  submit,      // submit_to, u32 n, then n times: u64 id, u8 form, ask
  set_window,  // u32 window, u32 pause
  settle,      // u32 n, then n verdicts
  grant,       // u64 sub_id, u32 credit
  tp_settle,   // u32 nack, u32 n, n tokens
  // Both ways, on every channel.
  ping,  // u64 number
  pong,
  // To the kernel.
  created,     // created_answer
  ended,       // u32 n, then n times: u64 id, answer
  state,       // u8 faulted, u8 serving, text why
  metrics,     // families
  offered,     // u32 n, then n deliveries
  lag,         // text source, u64 messages, u64 oldest_ms
  cursor_set,  // text source, bytes
  cursor_get,  // u64 id, text source
  delivered,   // u32 n, then n messages
  kv_events,   // u32 n, then n events
  described    // u64 id, i32 status, bytes json
};

enum class life_step : std::uint8_t { start = 1, quiesce, drain, stop };
enum class admin_step : std::uint8_t { schema_text = 1, migrate, stats };
enum class submit_to : std::uint8_t { kind = 1, sink, kv };

// What an isolated workflow is asked once, for all schemas below.
inline constexpr std::uint32_t scratch_schemas_max = 1'024;

// All that a child has to know.
struct create_order {
  std::string file;    // the checked copy
  std::string sha256;  // of it
  std::string kind;
  std::string name;  // of the plugin
  std::string version;
  std::string instance;
  std::string config_json;
  std::vector<std::pair<std::string, std::string>> secrets;
  std::uint32_t lanes = 1;
  std::uint32_t limit_ms = 1'000;
  std::int32_t log_level = 2;
  std::uint64_t memory_bytes = 0;
  std::uint64_t open_files = 0;
  bool network = false;
  std::vector<std::string> read_paths;
  std::vector<std::string> write_paths;
};

// What the kernel has to know of the instance.
struct created_answer {
  std::int32_t status = 0;
  std::string text;  // why not, or what of the sandbox is missing
  std::uint64_t capabilities = 0;
  std::uint64_t sink_capabilities = 0;
  bool has_sink = false;
  bool has_kv = false;
  bool has_admin = false;
  bool describes = false;
  std::vector<std::string> part_types;
  std::vector<std::string> virtual_parents;
  std::string accepted_schemas;  // a bit each, below scratch_schemas_max; empty: keeps no scratch
  std::string sandbox;           // "landlock seccomp", ...
};

template <class T>
void put_text(T& a, std::string& text) {
  if constexpr (T::reads) {
    text = a.text();
  } else {
    a.text(text);
  }
}

template <class T>
void put_flag(T& a, bool& flag) {
  std::uint8_t as = flag ? 1 : 0;
  a.value(as);
  flag = as != 0;
}

template <class T, class V, class F>
void put_all(T& a, std::vector<V>& all, F each) {
  auto n = static_cast<std::uint32_t>(all.size());
  a.value(n);
  if constexpr (T::reads) {
    all.clear();
    for (std::uint32_t i = 0; i < n && a.ok(); ++i) {
      each(a, all.emplace_back());
    }
  } else {
    for (V& v : all) {
      each(a, v);
    }
  }
}

template <class A>
void fields(A& a, create_order& v) {
  const auto text = [](A& to, std::string& t) { put_text(to, t); };
  for (std::string* each :
       {&v.file, &v.sha256, &v.kind, &v.name, &v.version, &v.instance, &v.config_json}) {
    put_text(a, *each);
  }
  put_all(a, v.secrets, [](A& to, auto& pair) {
    put_text(to, pair.first);
    put_text(to, pair.second);
  });
  a.value(v.lanes);
  a.value(v.limit_ms);
  a.value(v.log_level);
  a.value(v.memory_bytes);
  a.value(v.open_files);
  put_flag(a, v.network);
  put_all(a, v.read_paths, text);
  put_all(a, v.write_paths, text);
}

template <class A>
void fields(A& a, created_answer& v) {
  const auto text = [](A& to, std::string& t) { put_text(to, t); };
  a.value(v.status);
  put_text(a, v.text);
  a.value(v.capabilities);
  a.value(v.sink_capabilities);
  put_flag(a, v.has_sink);
  put_flag(a, v.has_kv);
  put_flag(a, v.has_admin);
  put_flag(a, v.describes);
  put_all(a, v.part_types, text);
  put_all(a, v.virtual_parents, text);
  put_text(a, v.accepted_schemas);
  put_text(a, v.sandbox);
}

// Begins a frame.
[[nodiscard]] inline encoder frame_of(frame type) {
  encoder out;
  out.value(static_cast<std::uint8_t>(type));
  return out;
}

}  // namespace spawn::isolate
