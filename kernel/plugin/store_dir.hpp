// Where the plugins that are loaded lie: one copy per content, in a folder nobody else writes to.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace spawn {

// SHA-256 as 64 lower-case hex digits. [any]
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// Where plugin copies are kept: a directory that only this user can write.
[[nodiscard]] std::string plugin_store_dir();

// Why copies: a file that is replaced under a running process is either lost to it (same path: the
// linker hands out the old library) or kills it (overwritten in place). <dir>/<sha256>/plugin.so
// is a new path for each content and never changes.
// Life: made once, at start. Thread: [control].
class store_dir {
 public:
  // Makes the folder (mode 0700) when it is missing. Refuses a relative path, and a folder that
  // belongs to somebody else or that others can write to.
  [[nodiscard]] static result<store_dir> open(std::filesystem::path dir);

  // The path of a file with exactly these bytes. A copy that is there already is read back, and
  // replaced if it differs: what the linker gets is what was checked.
  [[nodiscard]] result<std::filesystem::path> put(std::string_view bytes,
                                                  const std::string& sha256) const;

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return dir_; }

 private:
  explicit store_dir(std::filesystem::path dir) : dir_(std::move(dir)) {}
  std::filesystem::path dir_;
};

}  // namespace spawn
