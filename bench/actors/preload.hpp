// The population: N actors whose records lie in the store before any of them is activated.
#pragma once
#include <cstdint>
#include <string>

#include "model/actor_id.hpp"
#include "model/definition.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"

namespace spawn::bench {

inline constexpr std::size_t id_bytes = 24;     // system, parent and name together
inline constexpr std::size_t state_bytes = 64;  // value of the state's Any
inline constexpr const char* state_type = "type.googleapis.com/bench.Counter";

inline constexpr std::string_view system_name = "bench";
inline constexpr std::string_view parent_name = "Counter";
// "c" and digits that fill the id up. `into` keeps the bytes.
[[nodiscard]] std::string_view name_of(std::uint64_t i, std::string& into);

[[nodiscard]] definition_ptr make_definition();

// Saves the records of actors 0 ... n - 1, in batches.
void preload(journal& store, record_codec& codec, std::uint64_t n);

}  // namespace spawn::bench
