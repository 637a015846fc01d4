// A tree that passed the schema -> settings. What a schema cannot say is checked here: cross
// references, addresses, version ranges, keys.
// Thread: [control].
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/problem.hpp"
#include "config/settings.hpp"
#include "config/value.hpp"

namespace spawn::config {

// One load's scratch: where to complain and what file it is about. Borrows.
struct reading {
  std::string file;
  problems& found;
  std::vector<std::string>& notices;
  const value& root;
};

[[nodiscard]] settings to_settings(const value& root, reading& in);

// The parts of to_settings, by subject.
void read_network(const value& root, settings& out, reading& in);
void read_hosts(const value& root, settings& out, reading& in);
void read_plugins(const value& root, settings& out, reading& in);
void read_actors(const value& root, settings& out, reading& in);
void read_policies(const value& root, settings& out, reading& in);
// Of one entry of `actors`, after the policies.
void read_choices(const value& from, const std::string& pointer, actor_rule& rule,
                  const settings& s, reading& in);
// Of one entry of `actors`, after its durability.
void read_reminders(const value& from, const std::string& pointer, actor_rule& rule,
                    const settings& s, reading& in);
// Of one entry of `activators`.
void read_activator_rules(const value& from, const std::string& pointer, activator_rules& out,
                          reading& in);
void read_sinks(const value& root, settings& out, reading& in);
// Of a host; nothing if there is none.
[[nodiscard]] std::optional<breaker_settings> read_breaker(const value* from,
                                                           const std::string& pointer, reading& in);
void read_encryption(const value& root, settings& out, reading& in);
// After all others: what one part says about another.
void check_references(const value& root, const settings& s, reading& in);

// --- for the parts ----------------------------------------------------------------------------
// The value at a path of keys, or nullptr.
[[nodiscard]] const value* at(const value& root, std::initializer_list<std::string_view> path);
// Each leaves `out` alone if the key is absent.
void take(const value* from, std::string& out);
void take(const value* from, bool& out);
template <class Integer>
  requires std::is_integral_v<Integer>
void take(const value* from, Integer& out) {
  if (from != nullptr) {
    out = static_cast<Integer>(from->integer);
  }
}
[[nodiscard]] history_rule to_history(const value& history);
[[nodiscard]] durability_mode to_durability(std::string_view word);

}  // namespace spawn::config
