// Path templates of google.api.http: "/v1/{name=shelves/*}/books/{book.id}:publish".
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace grpc_source {

// A field and its text, decoded.
using bound_field = std::pair<std::string, std::string>;

// Percent-encoding taken off; nothing if it is wrong. With `keep_slashes` %2F stays as it is. With
// `form` a plus is a blank.
[[nodiscard]] std::optional<std::string> decode(std::string_view text, bool keep_slashes = false,
                                                bool form = false);

class path_template {
 public:
  // Nothing if the text is no template.
  [[nodiscard]] static std::optional<path_template> parse(std::string_view text);

  // The variables' values; nothing if the path, without query, is another.
  [[nodiscard]] std::optional<std::vector<bound_field>> match(std::string_view path) const;
  // Dotted names of the fields.
  [[nodiscard]] std::vector<std::string> variables() const;
  // Orders templates that match one path: the greater says it more exactly.
  [[nodiscard]] std::string exactness() const;

 private:
  enum class kind : std::uint8_t { text, one, rest };
  struct segment {
    kind what = kind::text;
    std::string text;
  };
  struct variable {
    std::string field;
    std::size_t first = 0, count = 0;  // segments
  };
  bool parse_segments(std::string_view& left, bool inside);
  bool parse_variable(std::string_view& left);

  std::vector<segment> segments_;
  std::vector<variable> variables_;
  std::string verb_;
};

}  // namespace grpc_source
