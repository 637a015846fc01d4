// A shared object as the loader has to know it, read from its bytes: no code of it runs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace spawn {

struct elf_symbol {
  std::string name;
  bool unique = false;  // STB_GNU_UNIQUE: process-wide even under RTLD_LOCAL
};

struct elf_note {
  std::string owner;
  std::uint32_t type = 0;
  std::string desc;
};

// Everything is copied out of the file; nothing refers to it.
struct elf_image {
  std::uint16_t machine = 0;        // EM_X86_64 or EM_AARCH64
  std::vector<elf_note> notes;      // of all PT_NOTE segments
  std::vector<elf_symbol> exports;  // what dlsym and other libraries can find
  std::vector<std::string> needed;  // DT_NEEDED
  std::vector<std::string> rpath;   // DT_RPATH and DT_RUNPATH
  bool text_relocations = false;    // the loader would have to write to code pages
  bool executable_stack = false;
};

// The machine this kernel was built for.
[[nodiscard]] std::uint16_t own_machine() noexcept;

// Reads a 64-bit little-endian shared object for x86-64 or aarch64. The file is not trusted: every
// offset, size and count is checked against it and each fault has an error of its own. Walks the
// program headers and the dynamic section, as the dynamic linker does; section headers, which a
// file may lie in, are not looked at. [any]
[[nodiscard]] result<elf_image> read_elf(std::span<const std::byte> file);

}  // namespace spawn
