#include "http_path.hpp"

#include <algorithm>
#include <cctype>

namespace grpc_source {

namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const auto low = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

bool take(std::string_view& left, std::string_view what) {
  if (!left.starts_with(what)) {
    return false;
  }
  left.remove_prefix(what.size());
  return true;
}

std::string_view take_until(std::string_view& left, std::string_view ends) {
  const auto out = left.substr(0, left.find_first_of(ends));
  left.remove_prefix(out.size());
  return out;
}

}  // namespace

std::optional<std::string> decode(std::string_view text, bool keep_slashes, bool form) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(form && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) {
      return std::nullopt;
    }
    const auto c = static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    if (c == '/' && keep_slashes) {
      out.append(text.substr(i, 3));
    } else {
      out.push_back(c);
    }
    i += 2;
  }
  return out;
}

bool path_template::parse_variable(std::string_view& left) {
  variable v;
  v.field = take_until(left, "=}");
  v.first = segments_.size();
  if (v.field.empty() || v.field.find_first_of("/{*:") != std::string::npos) {
    return false;
  }
  if (take(left, "=")) {
    if (!parse_segments(left, true)) {
      return false;
    }
  } else {
    segments_.push_back({kind::one, {}});
  }
  v.count = segments_.size() - v.first;
  variables_.push_back(std::move(v));
  return take(left, "}");
}

bool path_template::parse_segments(std::string_view& left, bool inside) {
  do {
    if (!segments_.empty() && segments_.back().what == kind::rest) {
      return false;  // ** is the last one
    }
    if (take(left, "**")) {
      segments_.push_back({kind::rest, {}});
    } else if (take(left, "*")) {
      segments_.push_back({kind::one, {}});
    } else if (!inside && take(left, "{")) {
      if (!parse_variable(left)) {
        return false;
      }
    } else {
      const auto text = take_until(left, "/{}*:");
      if (text.empty()) {
        return false;
      }
      segments_.push_back({kind::text, std::string(text)});
    }
  } while (take(left, "/"));
  return true;
}

std::optional<path_template> path_template::parse(std::string_view text) {
  path_template out;
  if (!take(text, "/") || !out.parse_segments(text, false)) {
    return std::nullopt;
  }
  if (take(text, ":")) {
    out.verb_ = take_until(text, "/{}*:");
    if (out.verb_.empty()) {
      return std::nullopt;
    }
  }
  return text.empty() ? std::optional(std::move(out)) : std::nullopt;
}

std::optional<std::vector<bound_field>> path_template::match(std::string_view path) const {
  if (!take(path, "/")) {
    return std::nullopt;
  }
  if (!verb_.empty()) {
    const auto at = path.rfind(':');
    if (at == std::string_view::npos || path.substr(at + 1) != verb_) {
      return std::nullopt;
    }
    path = path.substr(0, at);
  }
  std::vector<std::string_view> parts;
  for (std::string_view left = path;;) {
    parts.push_back(take_until(left, "/"));
    if (!take(left, "/")) {
      break;
    }
  }
  const bool rest = !segments_.empty() && segments_.back().what == kind::rest;
  const std::size_t fixed = segments_.size() - (rest ? 1 : 0);
  if (rest ? parts.size() < fixed : parts.size() != fixed) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < fixed; ++i) {
    const segment& wanted = segments_[i];
    if (wanted.what == kind::text ? decode(parts[i]) != wanted.text : parts[i].empty()) {
      return std::nullopt;
    }
  }
  std::vector<bound_field> out;
  for (const variable& v : variables_) {
    const bool to_end = rest && v.first + v.count == segments_.size();
    const std::size_t last = to_end ? parts.size() : v.first + v.count;
    std::string raw;
    for (std::size_t i = v.first; i < last; ++i) {
      raw.append(i == v.first ? "" : "/").append(parts[i]);
    }
    auto value = decode(raw, to_end || v.count > 1);
    if (!value) {
      return std::nullopt;
    }
    out.emplace_back(v.field, std::move(*value));
  }
  return out;
}

std::vector<std::string> path_template::variables() const {
  std::vector<std::string> out;
  for (const variable& v : variables_) {
    out.push_back(v.field);
  }
  return out;
}

std::string path_template::exactness() const {
  std::string out;
  for (const segment& s : segments_) {
    out.push_back(s.what == kind::text ? '3' : s.what == kind::one ? '2' : '1');
  }
  return out + (verb_.empty() ? "" : "4");
}

}  // namespace grpc_source
