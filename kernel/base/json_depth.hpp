// How deep a JSON text nests, seen before it is parsed.
#pragma once
#include <cstddef>
#include <string_view>

namespace spawn {

// Of JSON that strangers send and the kernel looks into.
inline constexpr std::size_t json_nesting_max = 100;

// Whether arrays and objects stand more than `most` deep in each other. Copying and writing a
// parsed value recurses, so what strangers send is looked at with this first. Of texts that are not
// JSON the answer means nothing. [any]
[[nodiscard]] bool json_nests_deeper(std::string_view text,
                                     std::size_t most = json_nesting_max) noexcept;

}  // namespace spawn
