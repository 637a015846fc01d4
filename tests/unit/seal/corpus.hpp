// Files of pinned bytes: lines "name hex", '#' begins a comment.
#pragma once
#include <map>
#include <string>
#include <string_view>

namespace spawn::test {

[[nodiscard]] std::string from_hex(std::string_view hex);
[[nodiscard]] std::map<std::string, std::string> read_corpus(const std::string& file);

}  // namespace spawn::test
