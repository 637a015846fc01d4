#include "plugin/elf_file.hpp"

#include "plugin/elf_bytes.hpp"

namespace spawn {
namespace elf {

result<void> address_map::add(const Elf64_Phdr& load, const bytes& file) {
  if (!file.holds(load.p_offset, load.p_filesz)) {
    return fail(errc::invalid, "a load segment reaches past the end of the file");
  }
  if (load.p_memsz < load.p_filesz || load.p_vaddr + load.p_memsz < load.p_vaddr) {
    return fail(errc::invalid, "a load segment has an impossible size");
  }
  if (!loads_.empty() && load.p_vaddr < loads_.back().p_vaddr + loads_.back().p_memsz) {
    return fail(errc::invalid, "load segments overlap or are out of order");
  }
  loads_.push_back(load);
  return {};
}

std::optional<std::uint64_t> address_map::offset(std::uint64_t address,
                                                 std::uint64_t length) const noexcept {
  for (const Elf64_Phdr& load : loads_) {
    if (address >= load.p_vaddr && address - load.p_vaddr <= load.p_filesz &&
        length <= load.p_filesz - (address - load.p_vaddr)) {
      return load.p_offset + (address - load.p_vaddr);
    }
  }
  return std::nullopt;
}

}  // namespace elf

namespace {

using elf::bytes;

result<Elf64_Ehdr> read_header(const bytes& file) {
  const auto ident = file.at<std::array<unsigned char, EI_NIDENT>>(0);
  if (!ident || std::memcmp(ident->data(), ELFMAG, SELFMAG) != 0) {
    return fail(errc::invalid, "not an ELF file");
  }
  if ((*ident)[EI_CLASS] != ELFCLASS64) {
    return fail(errc::invalid, "not a 64-bit ELF file");
  }
  if ((*ident)[EI_DATA] != ELFDATA2LSB) {
    return fail(errc::invalid, "not a little-endian ELF file");
  }
  const auto header = file.at<Elf64_Ehdr>(0);
  if (!header) {
    return fail(errc::invalid, "cut off inside the ELF header");
  }
  if (header->e_type != ET_DYN) {
    return fail(errc::invalid, "not a shared object");
  }
  if (header->e_machine != EM_X86_64 && header->e_machine != EM_AARCH64) {
    return fail(errc::invalid,
                "for an unknown machine (" + std::to_string(header->e_machine) + ")");
  }
  if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0 ||
      header->e_phnum > elf::segments_max) {
    return fail(errc::invalid, "impossible number or size of program headers");
  }
  if (!file.holds(header->e_phoff, std::uint64_t{header->e_phnum} * sizeof(Elf64_Phdr))) {
    return fail(errc::invalid, "the program headers reach past the end of the file");
  }
  return *header;
}

std::uint64_t aligned(std::uint64_t n, std::uint64_t to) noexcept {
  return (n + to - 1) / to * to;
}

result<void> read_notes(const bytes& file, const Elf64_Phdr& segment, elf_image& out) {
  if (!file.holds(segment.p_offset, segment.p_filesz)) {
    return fail(errc::invalid, "a note segment reaches past the end of the file");
  }
  const std::uint64_t align = segment.p_align == 8 ? 8 : 4;
  const std::uint64_t end = segment.p_offset + segment.p_filesz;
  std::uint64_t at = segment.p_offset;
  while (end - at >= sizeof(Elf64_Nhdr)) {
    const auto head = *file.at<Elf64_Nhdr>(at);
    // Sizes are 32 bits wide, so none of these sums can wrap.
    const std::uint64_t desc_at = aligned(sizeof head + std::uint64_t{head.n_namesz}, align);
    const std::uint64_t length = desc_at + std::uint64_t{head.n_descsz};
    if (length > end - at) {
      return fail(errc::invalid, "a note reaches past the end of its segment");
    }
    if (length > elf::note_bytes_max || out.notes.size() >= elf::notes_max ||
        file.copied_too_much()) {
      return fail(errc::too_large, "too many or too large notes");
    }
    elf_note note;
    note.owner = file.text(at + sizeof head, head.n_namesz);
    while (!note.owner.empty() && note.owner.back() == '\0') {
      note.owner.pop_back();
    }
    note.type = head.n_type;
    note.desc = file.text(at + desc_at, head.n_descsz);
    out.notes.push_back(std::move(note));
    at = std::min(end, at + aligned(length, align));
  }
  return {};
}

}  // namespace

std::uint16_t own_machine() noexcept {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#else
#error "no plugin loader for this machine"
#endif
}

result<elf_image> read_elf(std::span<const std::byte> data) {
  const bytes file(data);
  SPAWN_TRY(const Elf64_Ehdr header, read_header(file));
  elf_image out;
  out.machine = header.e_machine;
  // A file that says nothing about its stack gets an executable one.
  out.executable_stack = true;
  elf::address_map map;
  std::optional<Elf64_Phdr> dynamic;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    const auto segment = *file.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type == PT_LOAD) {
      SPAWN_CHECK(map.add(segment, file));
    } else if (segment.p_type == PT_NOTE) {
      SPAWN_CHECK(read_notes(file, segment, out));
    } else if (segment.p_type == PT_GNU_STACK) {
      out.executable_stack = (segment.p_flags & PF_X) != 0;
    } else if (segment.p_type == PT_DYNAMIC) {
      if (dynamic) {
        return fail(errc::invalid, "two dynamic segments");
      }
      dynamic = segment;
    }
  }
  if (!dynamic) {
    return fail(errc::invalid, "no dynamic segment");
  }
  // The linker finds it by address, so this does as well.
  const auto at = map.offset(dynamic->p_vaddr, dynamic->p_filesz);
  if (!at) {
    return fail(errc::invalid, "the dynamic segment is not inside a load segment");
  }
  SPAWN_CHECK(elf::read_dynamic(file, map, *at, dynamic->p_filesz, out));
  return out;
}

}  // namespace spawn
