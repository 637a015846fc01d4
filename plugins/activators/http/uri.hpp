// Request targets taken apart: percent signs, segments of a path, pairs of a query. [any]
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace http_activator {

using pairs = std::vector<std::pair<std::string, std::string>>;

// The value of the first pair of that name; nothing if there is none.
[[nodiscard]] const std::string* find(const pairs& in, std::string_view name) noexcept;

// As RFC 3629 has it.
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;
// UTF-8 without control characters.
[[nodiscard]] bool is_text(std::string_view bytes) noexcept;

// Nothing if a percent sign stands alone, or if the outcome is no text. `plus_is_blank`: in
// queries.
[[nodiscard]] std::optional<std::string> decode_percent(std::string_view text,
                                                        bool plus_is_blank = false);

// "/a//b%2fc" is a, "" and "b/c". Nothing for a path without a leading slash, or if one can not be
// decoded.
[[nodiscard]] std::optional<std::vector<std::string>> segments_of(std::string_view path);

// "a=1&b" is {a, 1} and {b, ""}. Nothing if one can not be decoded.
[[nodiscard]] std::optional<pairs> query_of(std::string_view query);

}  // namespace http_activator
