// Keys in lists of few sizes.
#pragma once
#include <algorithm>
#include <span>
#include <string_view>

#include "parameters.hpp"
#include "statements.hpp"

namespace mssql_store {

// Calls one(size, parameters, keys) for pieces of the keys: `size` question marks, of which those
// beyond the piece repeat its last key. `first` stands before them.
template <class One>
void each_key_list(std::span<const std::string_view> keys, const parameters& first,
                   const One& one) {
  constexpr std::size_t most =
      *std::max_element(std::begin(key_list_sizes), std::end(key_list_sizes));
  for (std::size_t i = 0; i < keys.size(); i += most) {
    const auto some = keys.subspan(i, std::min(most, keys.size() - i));
    const std::size_t size =
        *std::lower_bound(std::begin(key_list_sizes), std::end(key_list_sizes), some.size());
    parameters with = first;
    for (std::size_t k = 0; k < size; ++k) {
      with.key(some[std::min(k, some.size() - 1)]);
    }
    one(size, std::move(with), some);
  }
}

}  // namespace mssql_store
