// From message to (actor, action, argument): the routes of one activator.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/text_template.hpp"
#include "intake/content.hpp"
#include "intake/event.hpp"

namespace spawn {

// Which actor a message goes to; the first rule that fits is taken.
struct route_rule {
  struct condition {
    std::string field;
    std::string pattern;  // '*' at its end stands for anything
  };
  std::vector<condition> when;
  // As configured; empty ones are left to the source.
  text_template system, actor, parent, register_ref, action, dedup_id, order_by;
  bool cloudevent = false;
  content_kind content = content_kind::automatic;
  std::string message;
};

// Where a message goes and with what. Texts are UTF-8 and of allowed length.
struct routed {
  std::string system, parent, actor, register_ref, action;
  payload argument;
  std::string dedup_id;   // empty: none
  std::string order_key;  // empty: none
  std::vector<std::pair<std::string, std::string>> metadata;
};

// Immutable. [any]
class route_table {
 public:
  struct options {
    std::string system;  // of this kernel
    std::vector<route_rule> rules;
    bool all_headers = true;
    std::vector<std::string> headers;  // else these, in lower case
    bool dedup = true;
    std::size_t metadata_bytes = 0, metadata_entries = 0;  // limits of a request
  };
  explicit route_table(options with) : with_(std::move(with)) {}

  // A message that names its actor itself needs no rule. The error is the reason that stands in the
  // dead letter.
  [[nodiscard]] result<routed> resolve(const delivery& from) const;
  [[nodiscard]] const std::string& system() const noexcept { return with_.system; }

 private:
  [[nodiscard]] const route_rule* rule_for(event& message) const;
  [[nodiscard]] result<void> fill(const route_rule& rule, event& message, routed& out) const;
  [[nodiscard]] result<void> add_metadata(const event& message, routed& out) const;

  const options with_;
};

}  // namespace spawn
