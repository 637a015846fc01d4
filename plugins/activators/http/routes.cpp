#include "routes.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace http_activator {

namespace {

bool fits(const route& one, const std::vector<std::string>& segments) {
  return std::ranges::equal(one.segments, segments,
                            [](const route::segment& want, const std::string& got) {
                              return want.is_param ? !got.empty() : want.text == got;
                            });
}

// Texts before params, from left to right.
bool is_tried_before(const route& a, const route& b) {
  return std::ranges::lexicographical_compare(
      a.segments, b.segments, [](const route::segment& x, const route::segment& y) {
        return std::pair(x.is_param, x.is_param ? std::string_view() : x.text) <
               std::pair(y.is_param, y.is_param ? std::string_view() : y.text);
      });
}

}  // namespace

std::vector<route::segment> segments_from(std::string_view path) {
  std::vector<route::segment> out;
  const auto parts = segments_of(path);
  if (!parts) {
    throw std::invalid_argument("\"" + std::string(path) + "\" does not begin with a slash");
  }
  for (const auto& part : *parts) {
    const bool is_param = part.size() > 2 && part.starts_with('{') && part.ends_with('}');
    auto text = is_param ? part.substr(1, part.size() - 2) : part;
    if (text.find_first_of("{}?#") != text.npos) {
      throw std::invalid_argument("\"" + std::string(path) +
                                  "\": a {param} is a whole segment of the path");
    }
    if (is_param && std::ranges::any_of(out, [&](const auto& other) {
          return other.is_param && other.text == text;
        })) {
      throw std::invalid_argument("\"" + std::string(path) + "\" names {" + text + "} twice");
    }
    out.push_back({is_param, std::move(text)});
  }
  return out;
}

std::vector<std::string> params_of(const std::vector<route::segment>& segments) {
  std::vector<std::string> out;
  for (const auto& one : segments) {
    if (one.is_param) {
      out.push_back(one.text);
    }
  }
  return out;
}

route_table::route_table(std::vector<route> routes) : routes_(std::move(routes)) {
  std::ranges::sort(routes_, is_tried_before);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    for (std::size_t k = i + 1; k < routes_.size(); ++k) {
      const route& a = routes_[i];
      const route& b = routes_[k];
      if (a.method == b.method && !is_tried_before(a, b) && !is_tried_before(b, a)) {
        throw std::invalid_argument(a.name + " and " + b.name + " are for the same requests");
      }
      if (a.name == b.name) {
        throw std::invalid_argument("two are named " + a.name);
      }
    }
  }
}

route_table::found route_table::look_up(std::string_view method,
                                        const std::vector<std::string>& segments) const {
  found out;
  for (const route& one : routes_) {
    if (!fits(one, segments)) {
      continue;
    }
    out.path_known = true;
    if (std::ranges::find(out.methods, one.method) == out.methods.end()) {
      out.methods.push_back(one.method);
    }
    const bool same = one.method == method || (method == "HEAD" && one.method == "GET");
    if (!same || out.taken != nullptr) {
      continue;
    }
    out.taken = &one;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (one.segments[i].is_param) {
        out.params.emplace_back(one.segments[i].text, segments[i]);
      }
    }
  }
  if (std::ranges::find(out.methods, "GET") != out.methods.end()) {
    out.methods.emplace_back("HEAD");
  }
  if (out.path_known) {
    out.methods.emplace_back("OPTIONS");
  }
  return out;
}

}  // namespace http_activator
