// Plugin versions and the ranges a configuration asks for ("sqlite@^1.2").
// Thread: [any]; pure functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spawn {

// A released version, or a preview of one ("1.2.0-rc.1"). Build metadata ("+abc") is dropped, as it
// has no rank.
struct version {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::string preview;  // "rc.1", or empty for a release

  [[nodiscard]] std::string text() const;
  bool operator==(const version&) const = default;
};

// Exactly MAJOR.MINOR.PATCH with an optional preview and build part.
[[nodiscard]] std::optional<version> parse_version(std::string_view text);

// < 0, 0, > 0. A preview ranks below its release; preview parts compare number by number.
[[nodiscard]] int compare(const version& a, const version& b);

// A range is any number of terms with blanks between them, all of which must hold:
//   1.2.3 =1.2.3   this one          ^1.2  compatible: below the next first non-zero part
//   1  1.2  1.x *  any with it       ~1.2  patches of 1.2 (~1: of 1)
//   >1 >=1.2 <2 <=1.2.3             empty: any
// A preview is taken only if a term names a preview of the same MAJOR.MINOR.PATCH.
[[nodiscard]] bool valid_range(std::string_view range);

// Does `range` accept `candidate`? False if either is malformed.
[[nodiscard]] bool matches(std::string_view range, std::string_view candidate);

}  // namespace spawn
