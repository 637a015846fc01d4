// Changes a shared object where its parts are: program headers, dynamic entries, symbols, notes
// and the manifest in a note. Nothing moves, so the rest of the file stays readable.
#pragma once

#include <elf.h>

#include <optional>
#include <string_view>
#include <vector>

#include "mutate.hpp"

namespace spawn::fuzz {

// The bytes of one input and where its parts begin; all reads and writes are checked.
class elf_editor {
 public:
  elf_editor(std::string file, chance& by) : file_(std::move(file)), by_(by) {}

  // False when there is nothing to change.
  bool change() {
    const auto header = at<Elf64_Ehdr>(0);
    if (!header || header->e_phnum == 0) {
      return false;
    }
    const auto segment_at =
        header->e_phoff +
        by_.below(std::min<std::size_t>(header->e_phnum, 64)) * sizeof(Elf64_Phdr);
    const auto segment = at<Elf64_Phdr>(segment_at);
    if (!segment) {
      return false;
    }
    if (by_.one_in(6)) {
      return change_segment(segment_at, *segment);
    }
    switch (segment->p_type) {
      case PT_DYNAMIC:
        return change_dynamic(*segment);
      case PT_NOTE:
        return change_note(*segment);
      case PT_LOAD:
        return change_word(segment->p_filesz);
      default:
        return change_segment(segment_at, *segment);
    }
  }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  template <class T>
  [[nodiscard]] std::optional<T> at(std::uint64_t offset) const {
    if (offset > file_.size() || file_.size() - offset < sizeof(T)) {
      return std::nullopt;
    }
    T out;
    std::memcpy(&out, file_.data() + offset, sizeof(T));
    return out;
  }
  template <class T>
  bool put(std::uint64_t offset, const T& what) {
    if (!at<T>(offset)) {
      return false;
    }
    std::memcpy(file_.data() + offset, &what, sizeof(T));
    return true;
  }
  [[nodiscard]] std::uint64_t odd_number(std::uint64_t was) {
    const std::uint64_t numbers[] = {0,           1,       8,       was + 1,    was - 1,
                                     was * 2,     was + 8, was - 8, 0xffffffff, ~std::uint64_t{0},
                                     file_.size()};
    return by_.one_in(3) ? by_.below(file_.size() + 1) : by_.of(numbers);
  }

  bool change_segment(std::uint64_t where, Elf64_Phdr segment) {
    static constexpr std::uint32_t types[] = {PT_NULL, PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_GNU_STACK};
    switch (by_.below(6)) {
      case 0:
        segment.p_type = by_.of(types);
        break;
      case 1:
        segment.p_flags = static_cast<std::uint32_t>(by_.below(8));
        break;
      case 2:
        segment.p_offset = odd_number(segment.p_offset);
        break;
      case 3:
        segment.p_vaddr = odd_number(segment.p_vaddr);
        break;
      case 4:
        segment.p_memsz = odd_number(segment.p_memsz);
        break;
      default:
        segment.p_filesz = odd_number(segment.p_filesz);
    }
    return put(where, segment);
  }

  bool change_dynamic(const Elf64_Phdr& segment) {
    static constexpr std::int64_t tags[] = {DT_NULL,    DT_NEEDED, DT_STRTAB,   DT_STRSZ,
                                            DT_SYMTAB,  DT_HASH,   DT_GNU_HASH, DT_FLAGS,
                                            DT_TEXTREL, DT_RPATH,  DT_RUNPATH};
    std::vector<std::uint64_t> entries;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(segment.p_filesz / 16, 64); ++i) {
      const auto entry = at<Elf64_Dyn>(segment.p_offset + i * sizeof(Elf64_Dyn));
      if (!entry) {
        break;
      }
      entries.push_back(segment.p_offset + i * sizeof(Elf64_Dyn));
      // In the seeds an address is an offset.
      if (entry->d_tag == DT_SYMTAB && by_.one_in(4)) {
        return change_symbol(entry->d_un.d_val + by_.below(6) * sizeof(Elf64_Sym));
      }
      if ((entry->d_tag == DT_HASH || entry->d_tag == DT_GNU_HASH) && by_.one_in(4)) {
        const auto word = entry->d_un.d_val + by_.below(12) * 4;
        return put(word,
                   static_cast<std::uint32_t>(odd_number(at<std::uint32_t>(word).value_or(0))));
      }
    }
    if (entries.empty()) {
      return false;
    }
    const auto where = by_.of(entries);
    Elf64_Dyn entry = *at<Elf64_Dyn>(where);
    if (by_.one_in(2)) {
      entry.d_tag = by_.of(tags);
    } else {
      entry.d_un.d_val = odd_number(entry.d_un.d_val);
    }
    return put(where, entry);
  }

  bool change_symbol(std::uint64_t where) {
    static constexpr unsigned char binds[] = {STB_LOCAL, STB_GLOBAL, STB_WEAK, STB_GNU_UNIQUE};
    auto symbol = at<Elf64_Sym>(where);
    if (!symbol) {
      return false;
    }
    symbol->st_info = static_cast<unsigned char>(by_.of(binds) << 4 | STT_OBJECT);
    symbol->st_other = static_cast<unsigned char>(by_.one_in(2) ? 0 : by_.below(4));
    symbol->st_shndx = static_cast<std::uint16_t>(by_.one_in(4) ? 0 : 1);
    if (by_.one_in(3)) {
      symbol->st_name = static_cast<std::uint32_t>(by_.below(256));
    }
    return put(where, *symbol);
  }

  bool change_note(const Elf64_Phdr& segment) {
    auto note = at<Elf64_Nhdr>(segment.p_offset);
    if (!note) {
      return false;
    }
    const auto text_at =
        segment.p_offset + sizeof(Elf64_Nhdr) + (std::uint64_t{note->n_namesz} + 3) / 4 * 4;
    if (by_.one_in(8)) {
      auto& field = by_.one_in(2) ? note->n_type : by_.one_in(2) ? note->n_namesz : note->n_descsz;
      field = static_cast<std::uint32_t>(odd_number(field));
      return put(segment.p_offset, *note);
    }
    if (note->n_descsz < 2 || text_at > file_.size() || note->n_descsz > file_.size() - text_at) {
      return false;
    }
    // As long as it was: the NULs at the end give and take.
    std::string text = file_.substr(text_at, note->n_descsz);
    text.resize(std::min(text.find('\0'), text.size()));
    const std::size_t most = note->n_descsz - 1;
    text = changed(text, most - std::min(most, text.size()));
    text.resize(note->n_descsz, '\0');
    text.back() = by_.one_in(16) ? 'x' : '\0';
    file_.replace(text_at, text.size(), text);
    return true;
  }

  bool change_word(std::uint64_t within) {
    const auto where = by_.below(std::min<std::uint64_t>(within, file_.size()) / 4 + 1) * 4;
    const auto was = at<std::uint32_t>(where);
    return was && put(where, static_cast<std::uint32_t>(odd_number(*was)));
  }

  std::string file_;
  chance& by_;
};

inline std::size_t mutate_elf(std::uint8_t* data, std::size_t size, std::size_t most,
                              unsigned seed) {
  chance by(seed);
  elf_editor editor({reinterpret_cast<const char*>(data), size}, by);
  bool changed_any = false;
  for (std::size_t times = by.one_in(8) ? 0 : 1 + by.below(4); times > 0; --times) {
    changed_any = editor.change() || changed_any;
  }
  return changed_any ? hand_back(editor.file(), data, most) : LLVMFuzzerMutate(data, size, most);
}

}  // namespace spawn::fuzz
