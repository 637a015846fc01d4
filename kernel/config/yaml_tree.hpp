// YAML text -> value tree with positions. YAML 1.2 core types for plain scalars (yes and no are
// strings), anchors and aliases by copy, ${...} filled in. Hostile input is bounded, not trusted.
// Thread: [control].
#pragma once
#include <string_view>

#include "config/environment.hpp"
#include "config/problem.hpp"
#include "config/value.hpp"

namespace spawn::config {

inline constexpr std::size_t file_bytes_max = 1 << 20;
inline constexpr std::size_t tree_nodes_max = 100'000;   // aliases count as what they stand for
inline constexpr std::size_t tree_bytes_max = 16 << 20;  // text of all scalars and keys
inline constexpr int tree_depth_max = 64;

// An empty text is an empty map. What is wrong goes to `found`; the tree then holds what could be
// read.
[[nodiscard]] value read_yaml(std::string_view text, const environment& env, problems& found);

}  // namespace spawn::config
