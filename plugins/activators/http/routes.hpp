// The routes of the config, and the one that a request takes. Immutable after the start. [any]
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "auth.hpp"
#include "text_template.hpp"

namespace http_activator {

enum class content_rule { automatic, json, protobuf, text, cloud_events };

struct route {
  struct segment {
    bool is_param;
    std::string text;  // the param's name, or what the segment has to be
  };
  std::string name;
  std::string method;
  std::string path;  // as in the config
  std::vector<segment> segments;
  text_template system, parent, actor, action, register_ref, order_by;
  bool wants_reply = true;
  content_rule content = content_rule::automatic;
  std::string message;  // full name of a protobuf message; empty: nothing is converted
  auth_rule auth;
  std::string dedup_header;  // in lower case
};

// "/orders/{id}". Throws std::invalid_argument that says what is wrong.
[[nodiscard]] std::vector<route::segment> segments_from(std::string_view path);
[[nodiscard]] std::vector<std::string> params_of(const std::vector<route::segment>& segments);

class route_table {
 public:
  route_table() = default;
  // Throws std::invalid_argument if two of them are for the same requests.
  explicit route_table(std::vector<route> routes);

  struct found {
    const route* taken = nullptr;      // null: none for this method
    bool path_known = false;           // some route has the path
    std::vector<std::string> methods;  // of that path, for Allow
    pairs params;
  };
  // A path with a text in a segment goes before one with a param there. HEAD is as GET.
  [[nodiscard]] found look_up(std::string_view method,
                              const std::vector<std::string>& segments) const;
  [[nodiscard]] const std::vector<route>& all() const noexcept { return routes_; }

 private:
  std::vector<route> routes_;  // in the order they are tried
};

}  // namespace http_activator
