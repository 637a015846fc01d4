// Keys and signatures from files.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "trust/public_key.hpp"

namespace spawn::trust {

// A regular file of at most text_bytes_max bytes. NOT_FOUND when there is none. [control]
[[nodiscard]] result<std::string> read_text(const std::filesystem::path& file);

// A key's line, or the path of its file; a relative path starts at `base`. The error says what is
// wrong with the one or the other. [control]
[[nodiscard]] result<public_key> public_key_from(const std::string& line_or_path,
                                                 const std::filesystem::path& base);

}  // namespace spawn::trust
