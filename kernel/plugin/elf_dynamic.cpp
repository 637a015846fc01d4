// The dynamic section: dependencies, flags and the symbols that others can find.
#include "plugin/elf_bytes.hpp"

namespace spawn::elf {
namespace {

struct dynamic_info {
  std::uint64_t strings = 0, string_bytes = 0, symbols = 0, hash = 0, gnu_hash = 0;
  bool has_hash = false, has_gnu_hash = false;
  std::uint64_t flags = 0;
  bool textrel = false;
  std::vector<std::uint64_t> needed, rpath;  // offsets into the string table
};

result<dynamic_info> read_entries(const bytes& file, std::uint64_t offset, std::uint64_t length) {
  dynamic_info out;
  const std::uint64_t n = length / sizeof(Elf64_Dyn);
  if (n > dynamic_entries_max) {
    return fail(errc::too_large, "too many dynamic entries");
  }
  for (std::uint64_t i = 0; i < n; ++i) {
    const auto entry = *file.at<Elf64_Dyn>(offset + i * sizeof(Elf64_Dyn));
    const std::uint64_t value = entry.d_un.d_val;
    switch (entry.d_tag) {
      case DT_NULL:
        return out;
      case DT_STRTAB:
        out.strings = value;
        break;
      case DT_STRSZ:
        out.string_bytes = value;
        break;
      case DT_SYMTAB:
        out.symbols = value;
        break;
      case DT_HASH:
        out.hash = value;
        out.has_hash = true;
        break;
      case DT_GNU_HASH:
        out.gnu_hash = value;
        out.has_gnu_hash = true;
        break;
      case DT_FLAGS:
        out.flags = value;
        break;
      case DT_TEXTREL:
        out.textrel = true;
        break;
      case DT_NEEDED:
        out.needed.push_back(value);
        break;
      case DT_RPATH:
      case DT_RUNPATH:
        out.rpath.push_back(value);
        break;
      default:
        break;
    }
  }
  return fail(errc::invalid, "the dynamic section has no end");
}

// Number of symbols, from the classic table.
result<std::uint64_t> count_by_hash(const bytes& file, const address_map& map, std::uint64_t at) {
  const auto offset = map.offset(at, 8);
  if (!offset) {
    return fail(errc::invalid, "the symbol hash table is outside of the file");
  }
  return std::uint64_t{*file.at<std::uint32_t>(*offset + 4)};
}

// Number of symbols that can be reached through the GNU table: the end of the longest chain.
result<std::uint64_t> count_by_gnu_hash(const bytes& file, const address_map& map,
                                        std::uint64_t at) {
  struct head {
    std::uint32_t buckets, first_symbol, bloom_words, bloom_shift;
  };
  const auto offset = map.offset(at, sizeof(head));
  if (!offset) {
    return fail(errc::invalid, "the GNU hash table is outside of the file");
  }
  const head h = *file.at<head>(*offset);
  const std::uint64_t buckets_at = at + sizeof(head) + std::uint64_t{h.bloom_words} * 8;
  const auto buckets = map.offset(buckets_at, std::uint64_t{h.buckets} * 4);
  if (!buckets) {
    return fail(errc::invalid, "the GNU hash table reaches past its segment");
  }
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < h.buckets; ++i) {
    last = std::max<std::uint64_t>(last, *file.at<std::uint32_t>(*buckets + i * 4));
  }
  if (last == 0) {
    return std::uint64_t{h.first_symbol};
  }
  if (last < h.first_symbol) {
    return fail(errc::invalid, "the GNU hash table names a symbol outside of itself");
  }
  const std::uint64_t chains_at = buckets_at + std::uint64_t{h.buckets} * 4;
  for (; last < symbols_max; ++last) {
    const auto link = map.offset(chains_at + (last - h.first_symbol) * 4, 4);
    if (!link) {
      return fail(errc::invalid, "a chain of the GNU hash table has no end");
    }
    if ((*file.at<std::uint32_t>(*link) & 1u) != 0) {
      return last + 1;
    }
  }
  return fail(errc::too_large, "too many symbols");
}

bool visible(const Elf64_Sym& symbol) noexcept {
  const auto bind = ELF64_ST_BIND(symbol.st_info);
  const auto how = ELF64_ST_VISIBILITY(symbol.st_other);
  return symbol.st_shndx != SHN_UNDEF && bind != STB_LOCAL && how != STV_HIDDEN &&
         how != STV_INTERNAL;
}

}  // namespace

result<void> read_dynamic(const bytes& file, const address_map& map, std::uint64_t offset,
                          std::uint64_t length, elf_image& out) {
  SPAWN_TRY(const dynamic_info info, read_entries(file, offset, length));
  out.text_relocations = info.textrel || (info.flags & DF_TEXTREL) != 0;
  const auto strings = map.offset(info.strings, info.string_bytes);
  if (info.strings == 0 || info.string_bytes == 0 || !strings) {
    return fail(errc::invalid, "the string table is outside of the file");
  }
  const std::uint64_t strings_end = *strings + info.string_bytes;
  const auto text = [&](std::uint64_t index) { return file.name(*strings, strings_end, index); };
  for (const auto* list : {&info.needed, &info.rpath}) {
    for (const std::uint64_t index : *list) {
      auto found = text(index);
      if (!found) {
        return fail(errc::invalid, "a name of the dynamic section is outside of the string table");
      }
      (list == &info.needed ? out.needed : out.rpath).push_back(std::move(*found));
    }
  }
  std::uint64_t count = 0;
  if (info.has_hash) {
    SPAWN_TRY(count, count_by_hash(file, map, info.hash));
  }
  if (info.has_gnu_hash) {
    SPAWN_TRY(const std::uint64_t more, count_by_gnu_hash(file, map, info.gnu_hash));
    count = std::max(count, more);
  }
  if (!info.has_hash && !info.has_gnu_hash) {
    return fail(errc::invalid, "no symbol hash table");
  }
  if (count > symbols_max) {
    return fail(errc::too_large, "too many symbols");
  }
  const auto symbols = map.offset(info.symbols, count * sizeof(Elf64_Sym));
  if (info.symbols == 0 || !symbols) {
    return fail(errc::invalid, "the symbol table is outside of the file");
  }
  for (std::uint64_t i = 1; i < count; ++i) {
    const auto symbol = *file.at<Elf64_Sym>(*symbols + i * sizeof(Elf64_Sym));
    if (!visible(symbol)) {
      continue;
    }
    auto found = text(symbol.st_name);
    if (!found) {
      return fail(errc::invalid, "a symbol's name is outside of the string table");
    }
    if (file.copied_too_much()) {
      return fail(errc::too_large, "too many or too long names of symbols");
    }
    out.exports.push_back({std::move(*found), ELF64_ST_BIND(symbol.st_info) == STB_GNU_UNIQUE});
  }
  return {};
}

}  // namespace spawn::elf
