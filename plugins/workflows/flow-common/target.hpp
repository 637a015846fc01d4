// target: whom to call, with what. The same settings in all plugins: `actor`, `parent`, `system`,
// `register_ref`, `action` and `payload`, each a template.
#pragma once
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "flow-common/json_template.hpp"

namespace spawn::plugin::flows {

struct rendered_call {
  std::string system, parent, actor, action, register_ref;
  any_payload payload;
};

class target {
 public:
  static constexpr std::initializer_list<std::string_view> keys = {
      "actor", "parent", "system", "register_ref", "action", "payload"};

  // Reads the keys above, and no others, from `from`. Throws refused.
  static target read(const config_reader& from, const source_names& known);
  // The same actor, another action and payload: what a compensation is.
  [[nodiscard]] target with_action(const config_reader& from, const source_names& known) const;

  // An empty system is that of the caller. Throws render_error.
  [[nodiscard]] rendered_call render(source_values& values, std::string_view own_system) const;
  // Every reference of every field.
  [[nodiscard]] std::vector<reference> references() const;

 private:
  void read_action(const config_reader& from, const source_names& known);

  json_template actor_, action_;
  std::optional<json_template> parent_, system_, register_ref_, payload_;
};

using metadata_entries = std::vector<std::pair<std::string_view, std::string>>;

// Adds the INVOKE; the caller the callee sees is `self`.
spawn_wf_command& add_invoke(step_output& out, const rendered_call& call,
                             const spawn_actor_ref& self, const metadata_entries& metadata);

// Answers the request, if anybody waits for one.
void reply(step_output& out, std::uint64_t call_id, const any_payload& answer);
void refuse(step_output& out, std::uint64_t call_id, spawn_status code, std::string_view why);

}  // namespace spawn::plugin::flows
