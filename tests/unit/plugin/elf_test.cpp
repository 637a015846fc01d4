#include "plugin/elf_file.hpp"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/random.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/lint.hpp"
#include "unit/plugin/paths.hpp"

namespace spawn {
namespace {

result<elf_image> read(const std::string& bytes) {
  return read_elf(std::as_bytes(std::span(bytes)));
}

struct ElfFile : ::testing::Test {
  ElfFile() : good(test::read_file(test::fixture("good_c"))) {}

  [[nodiscard]] Elf64_Ehdr header() const {
    Elf64_Ehdr h;
    std::memcpy(&h, good.data(), sizeof h);
    return h;
  }
  // The file with its first program header of a type changed.
  template <class F>
  [[nodiscard]] std::string with_segment(std::uint32_t type, F change) const {
    std::string bytes = good;
    const Elf64_Ehdr h = header();
    for (int i = 0; i < h.e_phnum; ++i) {
      char* at = bytes.data() + h.e_phoff + static_cast<std::size_t>(i) * sizeof(Elf64_Phdr);
      Elf64_Phdr p;
      std::memcpy(&p, at, sizeof p);
      if (p.p_type == type) {
        change(p);
        std::memcpy(at, &p, sizeof p);
        return bytes;
      }
    }
    ADD_FAILURE() << "no segment of type " << type;
    return bytes;
  }
  // The file with a dynamic entry's value changed.
  [[nodiscard]] std::string with_dynamic(std::int64_t tag, std::uint64_t value) const {
    std::string bytes = good;
    std::uint64_t offset = 0;
    static_cast<void>(with_segment(PT_DYNAMIC, [&](Elf64_Phdr& p) { offset = p.p_offset; }));
    for (char* at = bytes.data() + offset;; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn d;
      std::memcpy(&d, at, sizeof d);
      if (d.d_tag == DT_NULL) {
        ADD_FAILURE() << "no dynamic entry " << tag;
        return bytes;
      }
      if (d.d_tag == tag) {
        d.d_un.d_val = value;
        std::memcpy(at, &d, sizeof d);
        return bytes;
      }
    }
  }
  static std::string why(const std::string& bytes) {
    const auto image = read(bytes);
    return image ? "accepted" : image.error().text;
  }
  std::string good;
};

TEST_F(ElfFile, ReadsAGoodPlugin) {
  ASSERT_FALSE(good.empty()) << "build spawn_fixtures";
  const auto image = read(good);
  ASSERT_TRUE(image) << image.error().text;
  EXPECT_EQ(image->machine, own_machine());
  EXPECT_FALSE(image->text_relocations);
  EXPECT_FALSE(image->executable_stack);
  ASSERT_EQ(image->exports.size(), 1u);
  EXPECT_EQ(image->exports[0].name, "spawn_plugin_entry_1");
  const auto json = manifest_of(*image);
  ASSERT_TRUE(json) << json.error().text;
  const auto manifest = parse_manifest(*json);
  ASSERT_TRUE(manifest) << manifest.error().text;
  EXPECT_EQ(manifest->name, "good_c");
}

TEST_F(ElfFile, TellsEachFaultFromTheOthers) {
  const auto byte = [&](std::size_t at, char value) {
    std::string bytes = good;
    bytes[at] = value;
    return bytes;
  };
  EXPECT_EQ(why(""), "not an ELF file");
  EXPECT_EQ(why("this is text, and enough of it"), "not an ELF file");
  EXPECT_EQ(why(byte(EI_CLASS, ELFCLASS32)), "not a 64-bit ELF file");
  EXPECT_EQ(why(byte(EI_DATA, ELFDATA2MSB)), "not a little-endian ELF file");
  EXPECT_EQ(why(good.substr(0, 40)), "cut off inside the ELF header");
  EXPECT_EQ(why(byte(offsetof(Elf64_Ehdr, e_type), ET_EXEC)), "not a shared object");
  EXPECT_EQ(why(byte(offsetof(Elf64_Ehdr, e_machine), 3)), "for an unknown machine (3)");
  EXPECT_EQ(why(good.substr(0, 70)), "the program headers reach past the end of the file");
  EXPECT_EQ(why(with_segment(PT_LOAD, [](Elf64_Phdr& p) { p.p_filesz = ~0ull; })),
            "a load segment reaches past the end of the file");
  EXPECT_EQ(why(with_segment(PT_LOAD, [](Elf64_Phdr& p) { p.p_memsz = 1; })),
            "a load segment has an impossible size");
  EXPECT_EQ(why(with_segment(PT_LOAD, [](Elf64_Phdr& p) { p.p_memsz += 1u << 20; })),
            "load segments overlap or are out of order");
  EXPECT_EQ(why(with_segment(PT_NOTE, [](Elf64_Phdr& p) { p.p_offset = ~0ull; })),
            "a note segment reaches past the end of the file");
  EXPECT_EQ(why(with_segment(PT_DYNAMIC, [](Elf64_Phdr& p) { p.p_type = PT_NULL; })),
            "no dynamic segment");
  EXPECT_EQ(why(with_segment(PT_DYNAMIC, [](Elf64_Phdr& p) { p.p_vaddr = 1ull << 40; })),
            "the dynamic segment is not inside a load segment");
  EXPECT_EQ(why(with_segment(PT_DYNAMIC, [](Elf64_Phdr& p) { p.p_filesz = 32; })),
            "the dynamic section has no end");
  EXPECT_EQ(why(with_dynamic(DT_STRSZ, 1ull << 50)), "the string table is outside of the file");
  EXPECT_EQ(why(with_dynamic(DT_SYMTAB, 1ull << 50)), "the symbol table is outside of the file");
  EXPECT_EQ(why(with_dynamic(DT_NEEDED, 1ull << 30)),
            "a name of the dynamic section is outside of the string table");
}

// A file of 4 MB whose segments all name the same note would fill gigabytes.
TEST_F(ElfFile, CopiesNoMoreThanAFileHasNeedOf) {
  constexpr std::uint32_t note_bytes = 3u << 20;
  const auto with_notes = [&](std::uint64_t n) {
    std::string bytes = good;
    bytes.resize((bytes.size() + 7) / 8 * 8);
    Elf64_Ehdr h = header();
    std::string table(good, h.e_phoff, h.e_phnum * sizeof(Elf64_Phdr));
    const std::uint64_t note_at = bytes.size() + table.size() + n * sizeof(Elf64_Phdr);
    Elf64_Phdr segment{};
    segment.p_type = PT_NOTE;
    segment.p_align = 4;
    segment.p_offset = note_at;
    segment.p_filesz = sizeof(Elf64_Nhdr) + note_bytes;
    for (std::uint64_t i = 0; i < n; ++i) {
      table.append(reinterpret_cast<const char*>(&segment), sizeof segment);
    }
    h.e_phoff = bytes.size();
    h.e_phnum = static_cast<Elf64_Half>(h.e_phnum + n);
    std::memcpy(bytes.data(), &h, sizeof h);
    const Elf64_Nhdr note{0, note_bytes, 1};
    bytes += table;
    bytes.append(reinterpret_cast<const char*>(&note), sizeof note);
    bytes.append(note_bytes, 'x');
    return bytes;
  };
  EXPECT_EQ(why(with_notes(2)), "accepted");
  EXPECT_EQ(why(with_notes(100)), "too many or too large notes");
}

TEST_F(ElfFile, SeesFlagsAndAMissingStackHeader) {
  auto image = read(with_segment(PT_GNU_STACK, [](Elf64_Phdr& p) { p.p_flags |= PF_X; }));
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->executable_stack);
  image = read(with_segment(PT_GNU_STACK, [](Elf64_Phdr& p) { p.p_type = PT_NULL; }));
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->executable_stack);
}

TEST_F(ElfFile, SurvivesEveryTruncation) {
  for (std::size_t n = 0; n < good.size(); n += 61) {
    const auto image = read(good.substr(0, n));
    if (image) {
      static_cast<void>(manifest_of(*image));
    }
  }
}

TEST_F(ElfFile, SurvivesRandomChangesOfItsTables) {
  random rng(7);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (int i = 0; i < 4; ++i) {
      // Headers, notes and dynamic tables are at the beginning and the end of the file.
      const std::size_t at = rng.below(2) == 0 ? rng.below(4'096) : rng.below(bytes.size());
      bytes[at % bytes.size()] = static_cast<char>(rng.next());
    }
    if (const auto image = read(bytes)) {
      if (const auto json = manifest_of(*image)) {
        if (const auto manifest = parse_manifest(*json)) {
          static_cast<void>(lint(*image, *manifest));
        }
      }
    }
  }
}

TEST(ManifestNote, TakesTheNoteOfThisAbi) {
  elf_image image;
  EXPECT_EQ(manifest_of(image).error().text,
            "no manifest note: this is not a plugin of this kernel");
  image.notes.push_back({"GNU", 1, "x"});
  image.notes.push_back({"SPAWN", 2, std::string("{}\0", 3)});
  EXPECT_NE(manifest_of(image).error().text.find("built for a newer kernel"), std::string::npos);
  image.notes.push_back({"SPAWN", 1, std::string("{1}\0\0", 5)});
  EXPECT_EQ(manifest_of(image).value(), "{1}");
  image.notes.push_back({"SPAWN", 1, std::string("{2}\0", 4)});
  EXPECT_EQ(manifest_of(image).error().text, "two manifest notes that differ");
}

TEST(ManifestNote, RefusesOneThatDoesNotEndWhereItShould) {
  elf_image image;
  image.notes.push_back({"SPAWN", 1, "{}"});
  EXPECT_EQ(manifest_of(image).error().text, "the manifest note does not end");
  image.notes[0].desc = std::string("{}\0x", 4);
  EXPECT_EQ(manifest_of(image).error().text, "the manifest note goes on after its end");
  image.notes[0].desc = std::string(manifest_bytes_max + 1, 'x') + '\0';
  EXPECT_EQ(manifest_of(image).error().code, errc::too_large);
  image.notes[0].desc = std::string(manifest_bytes_max, 'x') + '\0';
  EXPECT_TRUE(manifest_of(image));
}

}  // namespace
}  // namespace spawn
