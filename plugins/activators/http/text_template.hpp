// Texts with gaps, "order-{id}": read once from the config, filled for each request.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "uri.hpp"

namespace http_activator {

// What fills the gaps. Borrowed for the call.
struct fillings {
  const pairs& path;     // {id}, {path.id}
  const pairs& query;    // {query.id}
  const pairs& headers;  // {header.x-id}, in any case; names are in lower case here
};

// Immutable. [any]
class text_template {
 public:
  text_template() = default;

  // Throws std::invalid_argument that says what is wrong. `params`: the names that {id} may have.
  text_template(std::string_view text, const std::vector<std::string>& params);

  [[nodiscard]] bool empty() const noexcept { return parts_.empty(); }

  // False: `missing` is the name of the gap that nothing fills, or only with an empty text.
  [[nodiscard]] bool fill(const fillings& from, std::string& out, std::string& missing) const;

 private:
  enum class place { path, query, header };
  struct gap {
    place where;
    std::string name;
  };
  std::vector<std::variant<std::string, gap>> parts_;
};

}  // namespace http_activator
