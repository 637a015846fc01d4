// An instance's config against its plugin's schema.
#include <algorithm>
#include <unordered_map>

#include "config/full_check.hpp"
#include "config/json_tree.hpp"
#include "config/load.hpp"
#include "config/problem.hpp"
#include "config/schema_check.hpp"

namespace spawn::config {
namespace {

using mark_map = std::unordered_map<std::string, const source_marks::mark*>;

void put_marks(value& v, const std::string& pointer, const mark_map& marks) {
  if (const auto it = marks.find(pointer); it != marks.end()) {
    v.at = {it->second->line, it->second->column, {}};
  }
  for (std::size_t i = 0; i < v.items.size(); ++i) {
    put_marks(v.items[i], pointer_step(pointer, std::to_string(i)), marks);
  }
  for (auto& m : v.members) {
    const auto below = pointer_step(pointer, m.key);
    if (const auto it = marks.find(below); it != marks.end()) {
      m.at = {it->second->key_line, it->second->key_column, {}};
    }
    put_marks(m.is, below, marks);
  }
}

}  // namespace

result<void> check_plugin_config(const plugin_use& use, std::string_view plugin_schema_json) {
  const auto within = [&use](error e) {
    return fail(std::move(e).within("plugin " + use.use + " (instance " + use.instance + ")"));
  };
  auto schema = read_json(plugin_schema_json);
  if (!schema) {
    return within(std::move(schema.error()).within("its config schema"));
  }
  auto document = read_json(use.config_json);
  if (!document) {
    return within(std::move(document.error()).within("its config"));
  }
  for (const auto& [pointer, text] : use.secrets) {
    if (value* place = at_pointer(*document, pointer)) {
      *place = value::of_text(text);
      place->untyped = true;
      place->secret = true;
    }
  }
  mark_map marks;
  for (const auto& m : use.marks.marks) {
    marks.emplace(m.pointer, &m);
  }
  put_marks(*document, "", marks);
  const std::string prefix = use.marks.path.empty() ? "/config" : use.marks.path;
  problems found;
  check_schema(*schema, *document, prefix, found);
  if (found.empty()) {
    auto faults = full_check(plugin_schema_json, to_json(*document, true, false));
    if (!faults) {
      return within(std::move(faults.error()));
    }
    if (!faults->empty()) {
      // The outer faults only say that an inner one is there.
      const auto depth = [](const schema_fault& f) {
        return std::count(f.pointer.begin(), f.pointer.end(), '/');
      };
      const schema_fault& deepest =
          *std::max_element(faults->begin(), faults->end(),
                            [&depth](const auto& a, const auto& b) { return depth(a) < depth(b); });
      const value* place = at_pointer(*document, deepest.pointer);
      found.add(place == nullptr ? position{} : place->at, prefix + deepest.pointer, deepest.text);
    }
  }
  if (found.empty()) {
    return {};
  }
  return fail(
      found.to_error(use.marks.file.empty() ? "config of " + use.instance : use.marks.file));
}

}  // namespace spawn::config
