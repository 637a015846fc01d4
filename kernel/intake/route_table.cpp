#include "intake/route_table.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "model/reserved_metadata.hpp"

namespace spawn {
namespace {

bool fits(std::string_view value, std::string_view pattern) {
  return pattern.ends_with('*') ? value.starts_with(pattern.substr(0, pattern.size() - 1))
                                : value == pattern;
}

result<void> check_name(std::string_view what, std::string_view text, bool may_be_empty) {
  if (text.empty() && !may_be_empty) {
    return fail(errc::invalid, "the route gives no " + std::string(what));
  }
  if (text.size() > limits::name_bytes_max || !is_utf8(text)) {
    return fail(errc::invalid, "the " + std::string(what) + " has more than " +
                                   std::to_string(limits::name_bytes_max) +
                                   " bytes or is not UTF-8");
  }
  return {};
}

// What has a meaning for the kernel does not come in with somebody's headers.
bool is_reserved(std::string_view name) {
  return name == metadata_idempotency_key || name.starts_with("reminder-") ||
         name.starts_with(metadata_reserved_prefix);
}

}  // namespace

const route_rule* route_table::rule_for(event& message) const {
  for (const route_rule& rule : with_.rules) {
    const bool all = std::all_of(rule.when.begin(), rule.when.end(), [&](const auto& each) {
      const auto value = message.field(each.field);
      return value && fits(*value, each.pattern);
    });
    if (all) {
      return &rule;
    }
  }
  return nullptr;
}

result<void> route_table::fill(const route_rule& rule, event& message, routed& out) const {
  if (rule.cloudevent) {
    SPAWN_CHECK(message.unwrap_cloudevent());
  }
  const auto put = [&](const char* what, const text_template& from,
                       std::string& to) -> result<void> {
    if (from.empty()) {
      return {};
    }
    auto text = from.fill([&](std::string_view field) { return message.field(field); });
    if (!text) {
      return fail(errc::invalid, std::string(what) + ": " + text.error().text);
    }
    to = std::move(*text);
    return {};
  };
  SPAWN_CHECK(put("system", rule.system, out.system));
  SPAWN_CHECK(put("actor", rule.actor, out.actor));
  SPAWN_CHECK(put("parent", rule.parent, out.parent));
  SPAWN_CHECK(put("register_ref", rule.register_ref, out.register_ref));
  SPAWN_CHECK(put("action", rule.action, out.action));
  SPAWN_CHECK(put("dedup_id", rule.dedup_id, out.dedup_id));
  return put("order_by", rule.order_by, out.order_key);
}

result<void> route_table::add_metadata(const event& message, routed& out) const {
  std::size_t bytes = 0;
  for (const auto& [name, value] : message.headers()) {
    const bool wanted = with_.all_headers || std::find(with_.headers.begin(), with_.headers.end(),
                                                       name) != with_.headers.end();
    const bool known = std::any_of(out.metadata.begin(), out.metadata.end(),
                                   [&](const auto& has) { return has.first == name; });
    if (!wanted || known || is_reserved(name) || !is_utf8(name) || !is_utf8(value)) {
      continue;
    }
    bytes += name.size() + value.size();
    out.metadata.emplace_back(name, value);
  }
  if (bytes > with_.metadata_bytes || out.metadata.size() > with_.metadata_entries) {
    return fail(errc::too_large,
                "its headers are " + std::to_string(out.metadata.size()) + " with " +
                    std::to_string(bytes) +
                    " bytes, more than limits.metadata_entries or limits.metadata_bytes allow; "
                    "list those that are wanted under headers of the activator");
  }
  return {};
}

result<routed> route_table::resolve(const delivery& from) const {
  event message(from);
  routed out;
  out.system = view_of(from.raw.to.system);
  out.parent = view_of(from.raw.to.parent);
  out.actor = view_of(from.raw.to.name);
  out.register_ref = view_of(from.raw.register_ref);
  out.action = view_of(from.raw.action);
  out.dedup_id = view_of(from.raw.dedup_id);
  out.order_key = view_of(from.raw.order_key);
  if (message.is_structured()) {
    SPAWN_CHECK(message.unwrap_cloudevent());
  }
  const bool is_named = !out.actor.empty() && !out.action.empty();
  const route_rule* rule = is_named ? nullptr : rule_for(message);
  if (!is_named && rule == nullptr) {
    return fail(errc::invalid, with_.rules.empty()
                                   ? "the activator has no route"
                                   : "none of the activator's routes fits the message");
  }
  if (rule != nullptr) {
    SPAWN_CHECK(fill(*rule, message, out));
  }
  if (out.system.empty()) {
    out.system = with_.system;
  }
  SPAWN_CHECK(check_name("system", out.system, false));
  SPAWN_CHECK(check_name("actor", out.actor, false));
  SPAWN_CHECK(check_name("action", out.action, false));
  SPAWN_CHECK(check_name("parent", out.parent, true));
  SPAWN_CHECK(check_name("register_ref", out.register_ref, true));
  SPAWN_TRY(out.argument,
            make_argument(message, rule != nullptr ? rule->content : content_kind::automatic,
                          rule != nullptr ? rule->message : std::string_view()));
  SPAWN_CHECK(add_metadata(message, out));
  if (!with_.dedup) {
    out.dedup_id.clear();
  }
  return out;
}

}  // namespace spawn
