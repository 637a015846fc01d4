// json_template: JSON with references "{input.amount}", "{steps.debit.id}" in its texts.
//
// A text that is one reference and nothing else takes the value over with its type; a reference
// inside a longer text is written out as text and must be a scalar there. A template that is a
// single reference to a whole source ("{input}") hands the payload through untouched, whatever its
// type. "{{" and "}}" stand for braces. Compiled once at create; rendering is const. [any]
#pragma once
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "flow-common/config_reader.hpp"
#include "flow-common/payloads.hpp"

namespace spawn::plugin::flows {

inline constexpr std::size_t references_max = 256;             // in one template
inline constexpr std::size_t rendered_bytes_max = 256 * 1024;  // of one payload

// A template that can not be filled in from what there is; the text names its place.
class render_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What references may begin with ("input", "steps.debit"), at the place of one template.
using source_names = std::vector<std::string>;

// The sources' contents while one step runs. JSON is parsed at most once. Borrows the payloads.
class source_values {
 public:
  void add(std::string source, const any_payload* value) { borrowed_[std::move(source)] = value; }
  void add_json(std::string source, json value) { parsed_[std::move(source)] = std::move(value); }
  // A source of which nothing is there, and why.
  void add_missing(std::string source, std::string why) { missing_[std::move(source)] = why; }

  // Both throw render_error.
  [[nodiscard]] const json& json_at(const std::string& source);
  [[nodiscard]] any_payload whole(const std::string& source);

 private:
  std::map<std::string, const any_payload*> borrowed_;
  std::map<std::string, json> parsed_;
  std::map<std::string, std::string> missing_;
};

struct reference {
  std::string source;             // one of source_names
  std::vector<std::string> path;  // members and indices below it
  std::string text;               // as it was written, for errors
};

// The value below `from`, NULL if there is none.
[[nodiscard]] const json* find(const json& from, const std::vector<std::string>& path);

class json_template {
 public:
  json_template() = default;
  // Throws refused.
  static json_template compile(const config_reader& from, const source_names& known);

  [[nodiscard]] any_payload payload(source_values& values) const;  // throws render_error
  // For fields that are names: the rendered scalar, of 0 to 512 bytes. Throws render_error.
  [[nodiscard]] std::string text(source_values& values) const;
  [[nodiscard]] json value(source_values& values) const;
  [[nodiscard]] const std::vector<reference>& references() const { return references_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  struct piece {
    std::string literal;
    int reference = -1;
  };
  struct node {
    enum class kind : std::uint8_t { literal, whole, text, list, map } what = kind::literal;
    json literal;
    std::vector<piece> pieces;
    std::vector<node> children;
    std::vector<std::string> keys;
    std::string path;
  };

  node compile_node(const config_reader& from, const source_names& known);
  node compile_text(const config_reader& from, const source_names& known);
  int add_reference(const config_reader& from, std::string_view text, const source_names& known);
  json render(const node& n, source_values& values, std::size_t& room) const;
  [[nodiscard]] const json& look_up(const node& n, int reference, source_values& values) const;

  node root_;
  std::vector<reference> references_;
  std::string path_;
};

}  // namespace spawn::plugin::flows
