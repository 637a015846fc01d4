#include "text_template.hpp"

#include <algorithm>
#include <stdexcept>

#include "names.hpp"

namespace http_activator {

text_template::text_template(std::string_view text, const std::vector<std::string>& params) {
  const std::string whole(text);
  while (!text.empty()) {
    const auto open = std::min(text.find_first_of("{}"), text.size());
    if (open != 0) {
      parts_.emplace_back(std::string(text.substr(0, open)));
      text.remove_prefix(open);
      continue;
    }
    const auto close = text.find('}');
    if (text[0] == '}' || close == text.npos) {
      throw std::invalid_argument("\"" + whole + "\" has a brace without its other half");
    }
    const auto name = text.substr(1, close - 1);
    text.remove_prefix(close + 1);
    if (name.starts_with("query.") && name.size() > 6) {
      parts_.emplace_back(gap{place::query, std::string(name.substr(6))});
    } else if (name.starts_with("header.") && name.size() > 7) {
      parts_.emplace_back(gap{place::header, lower(name.substr(7))});
    } else {
      const auto param = name.starts_with("path.") ? name.substr(5) : name;
      if (std::ranges::find(params, param) == params.end()) {
        throw std::invalid_argument("{" + std::string(name) +
                                    "} is no part of the path, and not query.x or header.x");
      }
      parts_.emplace_back(gap{place::path, std::string(param)});
    }
  }
}

bool text_template::fill(const fillings& from, std::string& out, std::string& missing) const {
  out.clear();
  for (const auto& part : parts_) {
    if (const auto* text = std::get_if<std::string>(&part)) {
      out += *text;
      continue;
    }
    const gap& open = std::get<gap>(part);
    const bool in_path = open.where == place::path;
    const bool in_query = open.where == place::query;
    const std::string* value = find(in_path    ? from.path
                                    : in_query ? from.query
                                               : from.headers,
                                    open.name);
    if (value == nullptr || value->empty()) {
      missing = (in_path ? "path." : in_query ? "query." : "header.") + open.name;
      return false;
    }
    out += *value;
  }
  return true;
}

}  // namespace http_activator
