#include "json_text.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "names.hpp"

namespace http_activator {

namespace {

bool is_flat_enough(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      i += c == '\\' ? 1 : 0;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > json_depth_max) {
        return false;
      }
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return true;
}

}  // namespace

bool is_json(std::string_view text) {
  return is_flat_enough(text) && nlohmann::json::accept(text);
}

std::string media_type_of(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && (content_type.back() == ' ' || content_type.back() == '\t')) {
    content_type.remove_suffix(1);
  }
  return lower(content_type);
}

bool is_json_type(std::string_view media_type) noexcept {
  return media_type == "application/json" || media_type == "text/json" ||
         media_type.ends_with("+json");
}

}  // namespace http_activator
