// Text with fields in it: "order-{body.id}". What a field means is for whoever fills it in.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace spawn {

// Immutable once parsed. `{name}` is a field, `{{` and `}}` are braces. [any]
class text_template {
 public:
  text_template() = default;
  // An error says what is wrong and at which byte.
  [[nodiscard]] static result<text_template> parse(std::string_view text);

  [[nodiscard]] bool empty() const noexcept { return pieces_.empty(); }
  // The names of its fields, in order, with repeats.
  [[nodiscard]] std::vector<std::string_view> fields() const;
  // Calls result<std::string> value_of(std::string_view field) for each; the first error ends it.
  template <class F>
  [[nodiscard]] result<std::string> fill(F&& value_of) const {
    std::string out;
    for (const piece& each : pieces_) {
      if (!each.is_field) {
        out += each.text;
        continue;
      }
      auto value = value_of(std::string_view(each.text));
      if (!value) {
        return fail(std::move(value.error()));
      }
      out += *value;
    }
    return out;
  }

 private:
  struct piece {
    bool is_field;
    std::string text;
  };
  std::vector<piece> pieces_;
};

}  // namespace spawn
