// What a plugin says about itself.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace spawn {

// one: a single channel for the whole kernel. many: one per lane, called by that lane alone.
enum class lane_mode { one, many };

// Checked; made from the text of the note or of the entry.
struct plugin_manifest {
  std::string kind;     // "statestore", "transport", "activator", "workflow", "sealer", "actors"
  std::string name;     // [a-z0-9._-], as in the configuration
  std::string version;  // MAJOR.MINOR.PATCH
  std::string license;  // empty: not told
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  lane_mode lanes = lane_mode::many;
  bool blocking = false;                  // submit may block: it gets a thread of its own
  std::vector<std::string> capabilities;  // at most what the instance will announce
  std::string config_schema;              // JSON Schema of `config`; empty: not checked
  bool protobuf_full = false;             // links libprotobuf.so and owns its files' names
  bool exclusive = false;   // one instance at a time can have the data it is configured for
  bool unloadable = false;  // may be closed when its last instance is gone

  [[nodiscard]] bool has(std::string_view capability) const noexcept;
  [[nodiscard]] std::string label() const { return kind + "/" + name + "@" + version; }
};

// True for a name that can be one folder in a path.
[[nodiscard]] bool valid_plugin_name(std::string_view name) noexcept;

// Errors name the key. Unknown keys are for newer kernels and are passed over. [any]
[[nodiscard]] result<plugin_manifest> parse_manifest(std::string_view json);

}  // namespace spawn
