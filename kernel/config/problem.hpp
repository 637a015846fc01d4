// What is wrong with a configuration: all of it, not only the first.
// Life cycle: one list per load, filled by every step. Thread: [control].
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/value.hpp"

namespace spawn::config {

struct problem {
  position at;
  std::string key;   // dotted path, empty for the file as a whole
  std::string text;  // what was expected, what was found, what may have been meant
};

class problems {
 public:
  static constexpr std::size_t shown_max = 20;
  static constexpr std::size_t kept_max = 1'000;

  void add(position at, std::string_view pointer, std::string text);
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] const std::vector<problem>& all() const { return all_; }
  // One line per problem, in the order of the file: "spawn.yaml:3:5: runtime.lains: ...". Those of
  // the environment come first: "environment PROXY_HTTP_PORT: gateway.http.port: ...".
  [[nodiscard]] error to_error(std::string_view file) const;

 private:
  std::vector<problem> all_;
  std::size_t dropped_ = 0;
};

// "spawn.yaml:3:5", "environment NAME", or the file's name alone.
[[nodiscard]] std::string where(const position& at, std::string_view file);

// The one of `known` nearest to `word`, at an edit distance (with swaps) of at most 2 and less than
// the word's length; empty if none is.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace spawn::config
