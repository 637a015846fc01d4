// The manifest of a plugin, read without running any of its code.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "plugin/elf_file.hpp"

namespace spawn {

inline constexpr std::size_t manifest_bytes_max = 1u << 20;
inline constexpr std::uint64_t plugin_bytes_max = 1u << 30;

// Text of the SPAWN note for this kernel's ABI major. [any]
[[nodiscard]] result<std::string> manifest_of(const elf_image& image);

// All bytes of a plugin file; a regular file of at most plugin_bytes_max. [control]
[[nodiscard]] result<std::string> read_plugin_file(const std::filesystem::path& file);

// Both of the above: for listing what is in a directory. [control]
[[nodiscard]] result<std::string> read_manifest_note(const std::filesystem::path& file);

}  // namespace spawn
