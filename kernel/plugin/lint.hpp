// Rules for plugin files, checked before the dynamic linker sees them.
#pragma once
#include <string>
#include <vector>

#include "plugin/elf_file.hpp"
#include "plugin/manifest.hpp"

namespace spawn {

// refuse: the plugin is not loaded. warn: it is, and the finding is shown.
enum class lint_severity { warn, refuse };

struct lint_finding {
  lint_severity severity = lint_severity::refuse;
  std::string rule;  // stable name: "exports", "unique", "textrel", "stack", "rpath", ...
  std::string text;  // what is wrong and what to do about it
};

// All findings, refusals first. [any]
[[nodiscard]] std::vector<lint_finding> lint(const elf_image& image,
                                             const plugin_manifest& manifest);

// True for spawn_plugin_entry_<number>.
[[nodiscard]] bool is_entry_symbol(std::string_view name) noexcept;

}  // namespace spawn
