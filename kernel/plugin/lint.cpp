#include "plugin/lint.hpp"

#include <algorithm>

namespace spawn {
namespace {

constexpr std::string_view entry_prefix = "spawn_plugin_entry_";
constexpr std::size_t names_shown = 5;

// "a, b, c and 9 more"
std::string enumerate(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), names_shown); ++i) {
    out.append(i == 0 ? "" : ", ").append(names[i]);
  }
  if (names.size() > names_shown) {
    out += " and " + std::to_string(names.size() - names_shown) + " more";
  }
  return out;
}

void check_symbols(const elf_image& image, std::vector<lint_finding>& out) {
  std::vector<std::string_view> unique;
  std::vector<std::string_view> extra;
  for (const elf_symbol& symbol : image.exports) {
    if (symbol.unique) {
      unique.push_back(symbol.name);
    } else if (!is_entry_symbol(symbol.name)) {
      extra.push_back(symbol.name);
    }
  }
  if (!unique.empty()) {
    out.push_back({lint_severity::refuse, "unique",
                   "has process-wide (STB_GNU_UNIQUE) symbols, which would be shared with other "
                   "plugins: " +
                       enumerate(unique) + "; link with the version script entry.map"});
  }
  if (!extra.empty()) {
    out.push_back({lint_severity::refuse, "exports",
                   "exports more than its entry: " + enumerate(extra) +
                       "; link with the version script entry.map"});
  }
}

void check_flags(const elf_image& image, std::vector<lint_finding>& out) {
  if (image.text_relocations) {
    out.push_back(
        {lint_severity::refuse, "textrel", "needs text relocations; compile all of it with -fPIC"});
  }
  if (image.executable_stack) {
    out.push_back(
        {lint_severity::refuse, "stack", "asks for an executable stack; link with -z noexecstack"});
  }
  for (const std::string& path : image.rpath) {
    out.push_back({lint_severity::refuse, "rpath",
                   "has the library search path \"" + path +
                       "\"; link without RPATH and RUNPATH, it is loaded from another folder"});
  }
}

void check_needed(const elf_image& image, const plugin_manifest& manifest,
                  std::vector<lint_finding>& out) {
  for (const std::string& library : image.needed) {
    const auto starts = [&](std::string_view with) { return library.starts_with(with); };
    if (starts("libprotobuf.so") && !manifest.protobuf_full) {
      out.push_back({lint_severity::refuse, "protobuf",
                     "needs " + library +
                         ", whose registry is shared by the process; use the lite runtime, or say "
                         "\"protobuf\": \"full\" in the manifest"});
    } else if (starts("libprotobuf.so")) {
      out.push_back({lint_severity::warn, "protobuf",
                     "needs " + library + ": it can be loaded once per process and not swapped"});
    } else if (starts("libgrpc")) {
      out.push_back({lint_severity::warn, "grpc",
                     "needs " + library + ", which stays in memory and can not be swapped"});
    }
  }
}

}  // namespace

bool is_entry_symbol(std::string_view name) noexcept {
  if (!name.starts_with(entry_prefix) || name.size() == entry_prefix.size()) {
    return false;
  }
  return name.find_first_not_of("0123456789", entry_prefix.size()) == std::string_view::npos;
}

std::vector<lint_finding> lint(const elf_image& image, const plugin_manifest& manifest) {
  std::vector<lint_finding> out;
  check_symbols(image, out);
  check_flags(image, out);
  check_needed(image, manifest, out);
  std::sort(out.begin(), out.end(),
            [](const lint_finding& a, const lint_finding& b) { return a.severity > b.severity; });
  return out;
}

}  // namespace spawn
