// Text in aligned columns.
#pragma once
#include <iosfwd>
#include <string>
#include <vector>

namespace spawn::ctl {

class table {
 public:
  explicit table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  void print(std::ostream& out) const;

 private:
  std::vector<std::vector<std::string>> rows_;  // the first is the header
};

// Control characters shown as '?': names come from strangers, terminals obey them.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace spawn::ctl
