#include "flow-common/json_template.hpp"

#include <algorithm>
#include <charconv>

namespace spawn::plugin::flows {
namespace {

constexpr std::size_t name_bytes_max = 512;

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '.') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

const json* member(const json& of, const std::string& key) {
  if (of.is_object()) {
    const auto found = of.find(key);
    return found == of.end() ? nullptr : &*found;
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  const bool fits = of.is_array() && error == std::errc{} && end == key.data() + key.size();
  return fits && index < of.size() ? &of[index] : nullptr;
}

}  // namespace

const json& source_values::json_at(const std::string& source) {
  if (const auto known = parsed_.find(source); known != parsed_.end()) {
    return known->second;
  }
  if (const auto gone = missing_.find(source); gone != missing_.end()) {
    throw render_error(gone->second);
  }
  const auto found = borrowed_.find(source);
  if (found == borrowed_.end()) {
    throw render_error("there is no " + source);
  }
  std::optional<json> value = json_of(*found->second);
  if (!value) {
    throw render_error(source + " is not JSON but " + found->second->type_url);
  }
  return parsed_[source] = std::move(*value);
}

any_payload source_values::whole(const std::string& source) {
  const auto found = borrowed_.find(source);
  return found != borrowed_.end() ? *found->second : json_payload(json_at(source));
}

const json* find(const json& from, const std::vector<std::string>& path) {
  const json* at = &from;
  for (const std::string& key : path) {
    at = member(*at, key);
    if (at == nullptr) {
      return nullptr;
    }
  }
  return at;
}

json_template json_template::compile(const config_reader& from, const source_names& known) {
  json_template out;
  out.path_ = from.path();
  out.root_ = out.compile_node(from, known);
  return out;
}

json_template::node json_template::compile_node(const config_reader& from,
                                                const source_names& known) {
  node n;
  n.path = from.path();
  if (from.value().is_string()) {
    return compile_text(from, known);
  }
  if (from.value().is_array()) {
    n.what = node::kind::list;
    for (const config_reader& child : from.items(0, 10'000)) {
      n.children.push_back(compile_node(child, known));
    }
  } else if (from.value().is_object()) {
    n.what = node::kind::map;
    for (const auto& [key, value] : from.value().items()) {
      n.keys.push_back(key);
      n.children.push_back(compile_node(config_reader(value, from.path() + "." + key), known));
    }
  } else {
    n.literal = from.value();
  }
  return n;
}

json_template::node json_template::compile_text(const config_reader& from,
                                                const source_names& known) {
  node n;
  n.path = from.path();
  const std::string text = from.text();
  piece open;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if ((c == '{' || c == '}') && at + 1 < text.size() && text[at + 1] == c) {
      open.literal += c;
      at += 2;
      continue;
    }
    if (c == '}') {
      from.refuse("'}' without '{'; a brace itself is written twice");
    }
    if (c != '{') {
      open.literal += c;
      ++at;
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) {
      from.refuse("'{' without '}'; a brace itself is written twice");
    }
    if (!open.literal.empty()) {
      n.pieces.push_back(std::move(open));
    }
    open = piece{};
    n.pieces.push_back(
        {{}, add_reference(from, std::string_view(text).substr(at + 1, end - at - 1), known)});
    at = end + 1;
  }
  if (n.pieces.empty()) {
    n.literal = open.literal;
    return n;
  }
  if (!open.literal.empty()) {
    n.pieces.push_back(std::move(open));
  }
  n.what = n.pieces.size() == 1 ? node::kind::whole : node::kind::text;
  return n;
}

int json_template::add_reference(const config_reader& from, std::string_view text,
                                 const source_names& known) {
  std::vector<std::string> segments = split(text);
  if (std::ranges::any_of(segments, [](const std::string& s) { return s.empty(); })) {
    from.refuse("\"{" + std::string(text) + "}\" is not a reference such as {input.amount}");
  }
  for (const std::size_t words : {std::size_t{1}, std::size_t{2}}) {
    if (segments.size() < words) {
      continue;
    }
    const std::string source = words == 1 ? segments[0] : segments[0] + "." + segments[1];
    if (std::ranges::find(known, source) != known.end()) {
      segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(words));
      if (references_.size() == references_max) {
        from.refuse("more than " + std::to_string(references_max) + " references");
      }
      references_.push_back({source, std::move(segments), "{" + std::string(text) + "}"});
      return static_cast<int>(references_.size()) - 1;
    }
  }
  std::string names;
  for (const std::string& name : known) {
    names += (names.empty() ? "" : ", ") + name;
  }
  from.refuse("\"{" + std::string(text) + "}\" is not known here; there is " + names);
}

const json& json_template::look_up(const node& n, int which, source_values& values) const {
  const reference& r = references_[static_cast<std::size_t>(which)];
  try {
    const json* at = find(values.json_at(r.source), r.path);
    if (at == nullptr) {
      throw render_error("there is no " + r.text);
    }
    return *at;
  } catch (const render_error& e) {
    throw render_error(n.path + ": " + e.what());
  }
}

json json_template::render(const node& n, source_values& values, std::size_t& room) const {
  const auto take = [&](std::size_t bytes) {
    if (bytes > room) {
      throw render_error(path_ + ": the payload is larger than " +
                         std::to_string(rendered_bytes_max) + " bytes");
    }
    room -= bytes;
  };
  switch (n.what) {
    case node::kind::literal:
      return n.literal;
    case node::kind::whole: {
      const json& value = look_up(n, n.pieces[0].reference, values);
      take(write_json(value).size());
      return value;
    }
    case node::kind::text: {
      std::string out;
      for (const piece& p : n.pieces) {
        if (p.reference < 0) {
          out += p.literal;
          continue;
        }
        const std::optional<std::string> part = scalar_text(look_up(n, p.reference, values));
        if (!part) {
          throw render_error(n.path + ": " +
                             references_[static_cast<std::size_t>(p.reference)].text +
                             " is neither text nor number");
        }
        out += *part;
      }
      take(out.size());
      return out;
    }
    case node::kind::list: {
      json out = json::array();
      for (const node& child : n.children) {
        out.push_back(render(child, values, room));
      }
      return out;
    }
    case node::kind::map:
      break;
  }
  json out = json::object();
  for (std::size_t i = 0; i < n.children.size(); ++i) {
    out[n.keys[i]] = render(n.children[i], values, room);
  }
  return out;
}

json json_template::value(source_values& values) const {
  std::size_t room = rendered_bytes_max;
  return render(root_, values, room);
}

any_payload json_template::payload(source_values& values) const {
  if (root_.what == node::kind::whole && references_[0].path.empty()) {
    try {
      return values.whole(references_[0].source);
    } catch (const render_error& e) {
      throw render_error(path_ + ": " + e.what());
    }
  }
  return json_payload(value(values));
}

std::string json_template::text(source_values& values) const {
  const std::optional<std::string> out = scalar_text(value(values));
  if (!out || out->size() > name_bytes_max) {
    throw render_error(path_ + ": is not a text of at most 512 bytes");
  }
  return *out;
}

}  // namespace spawn::plugin::flows
