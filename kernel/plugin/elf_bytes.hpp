// Bounds-checked access to the bytes of an ELF file. Internal to elf_file.cpp and elf_dynamic.cpp.
#pragma once
#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plugin/elf_file.hpp"

namespace spawn::elf {

inline constexpr std::size_t segments_max = 128;
inline constexpr std::size_t notes_max = 256;
inline constexpr std::size_t note_bytes_max = 4u << 20;
inline constexpr std::size_t dynamic_entries_max = 4'096;
inline constexpr std::uint64_t symbols_max = 1u << 20;
inline constexpr std::size_t name_bytes_max = 4'096;
// Of all notes and names together: a file can name the same bytes again and again.
inline constexpr std::uint64_t copied_bytes_max = 64u << 20;

// Borrows the file for the time of the read.
class bytes {
 public:
  explicit bytes(std::span<const std::byte> file) noexcept : file_(file) {}

  [[nodiscard]] std::uint64_t size() const noexcept { return file_.size(); }
  [[nodiscard]] bool holds(std::uint64_t offset, std::uint64_t length) const noexcept {
    return offset <= file_.size() && length <= file_.size() - offset;
  }
  template <class T>
  [[nodiscard]] std::optional<T> at(std::uint64_t offset) const noexcept {
    if (!holds(offset, sizeof(T))) {
      return std::nullopt;
    }
    T out;
    std::memcpy(&out, file_.data() + offset, sizeof(T));
    return out;
  }
  // Caller has checked holds().
  [[nodiscard]] std::string text(std::uint64_t offset, std::uint64_t length) const {
    copied_ += length;
    return {reinterpret_cast<const char*>(file_.data() + offset), length};
  }
  // A NUL-terminated name inside [begin, end); nothing when it runs over.
  [[nodiscard]] std::optional<std::string> name(std::uint64_t begin, std::uint64_t end,
                                                std::uint64_t index) const {
    if (begin > end || !holds(begin, end - begin) || index >= end - begin) {
      return std::nullopt;
    }
    const std::uint64_t most = std::min<std::uint64_t>(end - begin - index, name_bytes_max);
    const auto* first = reinterpret_cast<const char*>(file_.data() + begin + index);
    const auto* stop = static_cast<const char*>(std::memchr(first, 0, most));
    if (stop == nullptr) {
      return std::nullopt;
    }
    copied_ += static_cast<std::uint64_t>(stop - first);
    return std::string(first, stop);
  }
  // What text() and name() have given out so far is more than a file has any need of.
  [[nodiscard]] bool copied_too_much() const noexcept { return copied_ > copied_bytes_max; }

 private:
  std::span<const std::byte> file_;
  mutable std::uint64_t copied_ = 0;
};

// The PT_LOAD segments: where in the file an address comes from.
class address_map {
 public:
  // Refuses segments out of order or over each other: the linker would map the later over the
  // earlier, and what is checked here would not be what runs.
  [[nodiscard]] result<void> add(const Elf64_Phdr& load, const bytes& file);
  // File offset of `length` bytes at an address; nothing unless one segment has all of them.
  [[nodiscard]] std::optional<std::uint64_t> offset(std::uint64_t address,
                                                    std::uint64_t length) const noexcept;

 private:
  std::vector<Elf64_Phdr> loads_;
};

// Reads the dynamic section at [offset, offset + length) into `out`.
[[nodiscard]] result<void> read_dynamic(const bytes& file, const address_map& map,
                                        std::uint64_t offset, std::uint64_t length, elf_image& out);

}  // namespace spawn::elf
