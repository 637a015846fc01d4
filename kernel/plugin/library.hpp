// A plugin's code, loaded: its manifest and its checked entry table.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "plugin/lint.hpp"
#include "plugin/manifest.hpp"
#include "plugin/signed_file.hpp"
#include "spawn/plugin/entry.h"

namespace spawn {

class host_table;

// Shared by its instances. Life: made by load_library() or from_entry(); init() before the first
// instance; when the last owner is gone, deinit and, for plugins that allow it, unload.
// Thread: [control]; read only afterwards.
class plugin_library {
 public:
  // What keeps the code mapped; gone after the library.
  struct mapping {
    virtual ~mapping() = default;
  };
  struct origin {
    std::filesystem::path path;    // as resolved; empty for from_entry
    std::filesystem::path loaded;  // the copy in the store
    std::string sha256;
    file_signature signature;
    std::vector<lint_finding> warnings;
    std::unique_ptr<mapping> mapped;
  };

  // Checks the table (sizes, slots, minor version, manifest) and takes it.
  [[nodiscard]] static result<std::shared_ptr<plugin_library>> adopt(
      const spawn_plugin_entry* entry, plugin_manifest manifest, std::string manifest_json,
      origin from);
  // A plugin that is part of this program: built in, or a test's. No file, no lint.
  [[nodiscard]] static result<std::shared_ptr<plugin_library>> from_entry(
      const spawn_plugin_entry* entry);
  // One whose code is not in this process: its instances are made by isolate/proxy.hpp.
  [[nodiscard]] static std::shared_ptr<plugin_library> apart(plugin_manifest manifest, origin from);
  ~plugin_library();
  plugin_library(const plugin_library&) = delete;
  plugin_library& operator=(const plugin_library&) = delete;

  // Calls the plugin's init once per process; later calls answer what it answered.
  [[nodiscard]] result<void> init(const clock& time, std::uint64_t limit_ms);

  [[nodiscard]] bool is_apart() const noexcept { return entry_ == nullptr; }
  // Not of one that is apart.
  [[nodiscard]] const spawn_plugin_entry& entry() const noexcept { return *entry_; }
  [[nodiscard]] const plugin_manifest& manifest() const noexcept { return manifest_; }
  [[nodiscard]] const origin& from() const noexcept { return from_; }
  // Path for messages: the file, or "(built in) statestore/memory@1.0.0".
  [[nodiscard]] std::string subject() const;
  // The plugin hangs in a call: its code has to stay for ever.
  void keep_for_ever() noexcept { kept_ = true; }

 private:
  plugin_library(const spawn_plugin_entry* entry, plugin_manifest manifest, origin from);

  const spawn_plugin_entry* entry_;
  plugin_manifest manifest_;
  origin from_;
  std::unique_ptr<host_table> host_;  // handed to init; has to live until deinit
  bool inited_ = false;
  bool kept_ = false;
};

}  // namespace spawn
