#include "config/origins.hpp"

#include "config/problem.hpp"
#include "config/schema_check.hpp"
#include "config/secrets.hpp"

namespace spawn::config {
namespace {

class collector {
 public:
  collector(const value& schema, const std::string& file) : schema_(schema), file_(file) {}

  void walk(const value& node_or_ref, const value* v, const std::string& pointer, bool hidden) {
    const value& node = resolve(schema_, node_or_ref);
    const value* write_only = node.find("writeOnly");
    hidden = hidden || (write_only != nullptr && write_only->boolean);
    const value* properties = node.find("properties");
    if (properties != nullptr) {
      for (const auto& p : properties->members) {
        // A key that is unset and has no default says nothing.
        const value* set = v == nullptr ? nullptr : v->find(p.key);
        walk(p.is, set, pointer_step(pointer, p.key), hidden);
      }
      return;
    }
    if (v != nullptr) {
      leaves(*v, pointer, hidden);
    } else if (const value* preset = node_or_ref.find("default")) {
      out.push_back({dotted(pointer), to_json(*preset, false, true), source::preset, ""});
    }
  }

  std::vector<origin> out;

 private:
  void leaves(const value& v, const std::string& pointer, bool hidden) {
    const bool open = v.is == value::kind::object || v.is == value::kind::list;
    if (!open || v.secret || hidden || (v.items.empty() && v.members.empty())) {
      const bool shown = !hidden && !v.secret;
      const source from = !v.at.env.empty() ? source::env
                          : v.at.line > 0   ? source::yaml
                                            : source::preset;
      const std::string place = from == source::preset ? "" : where_short(v.at);
      out.push_back({dotted(pointer), shown ? shown_text(v) : "(secret)", from, place});
      return;
    }
    for (std::size_t i = 0; i < v.items.size(); ++i) {
      leaves(v.items[i], pointer_step(pointer, std::to_string(i)), hidden);
    }
    for (const auto& m : v.members) {
      leaves(m.is, pointer_step(pointer, m.key), hidden || names_secret(m.key));
    }
  }

  static std::string shown_text(value v) {
    v.text = without_password(v.text);
    return to_json(v, false, true);
  }

  [[nodiscard]] std::string where_short(const position& at) const {
    return at.env.empty() ? where(at, file_) : at.env;
  }

  const value& schema_;
  const std::string& file_;
};

}  // namespace

std::vector<origin> origins_of(const value& schema, const value& root, const std::string& file) {
  collector c(schema, file);
  c.walk(schema, &root, "", false);
  return std::move(c.out);
}

}  // namespace spawn::config
