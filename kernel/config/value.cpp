#include "config/value.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace spawn::config {
namespace {

void write_text(std::string& out, std::string_view text) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

template <class Number>
void write_number(std::string& out, Number n) {
  std::array<char, 40> buffer{};
  const auto done = std::to_chars(buffer.data(), buffer.data() + buffer.size(), n);
  out.append(buffer.data(), done.ptr);
}

void write(std::string& out, const value& v, bool sorted, bool hide) {
  if (hide && v.secret) {
    out += "null";
    return;
  }
  switch (v.is) {
    case value::kind::null:
      out += "null";
      break;
    case value::kind::boolean:
      out += v.boolean ? "true" : "false";
      break;
    case value::kind::integer:
      write_number(out, v.integer);
      break;
    case value::kind::number:
      write_number(out, v.number);
      break;
    case value::kind::string:
      write_text(out, v.text);
      break;
    case value::kind::list: {
      out += '[';
      for (std::size_t i = 0; i < v.items.size(); ++i) {
        out += i == 0 ? "" : ",";
        write(out, v.items[i], sorted, hide);
      }
      out += ']';
      break;
    }
    case value::kind::object: {
      std::vector<const member*> order;
      order.reserve(v.members.size());
      for (const auto& m : v.members) {
        order.push_back(&m);
      }
      if (sorted) {
        std::sort(order.begin(), order.end(),
                  [](const member* a, const member* b) { return a->key < b->key; });
      }
      out += '{';
      for (std::size_t i = 0; i < order.size(); ++i) {
        out += i == 0 ? "" : ",";
        write_text(out, order[i]->key);
        out += ':';
        write(out, order[i]->is, sorted, hide);
      }
      out += '}';
      break;
    }
  }
}

// "a~1b" -> "a/b"; the next step is taken off the front of `pointer`.
std::string take_step(std::string_view& pointer) {
  pointer.remove_prefix(1);
  const auto end = std::min(pointer.find('/'), pointer.size());
  std::string step;
  for (std::size_t i = 0; i < end; ++i) {
    if (pointer[i] == '~' && i + 1 < end) {
      step += pointer[++i] == '1' ? '/' : '~';
    } else {
      step += pointer[i];
    }
  }
  pointer.remove_prefix(end);
  return step;
}

}  // namespace

value value::of_text(std::string s) {
  value v;
  v.is = kind::string;
  v.text = std::move(s);
  return v;
}

value value::of_integer(std::int64_t i) {
  value v;
  v.is = kind::integer;
  v.integer = i;
  return v;
}

value value::of_bool(bool b) {
  value v;
  v.is = kind::boolean;
  v.boolean = b;
  return v;
}

value value::object() {
  value v;
  v.is = kind::object;
  return v;
}

const value* value::find(std::string_view key) const {
  for (const auto& m : members) {
    if (m.key == key) {
      return &m.is;
    }
  }
  return nullptr;
}

value* value::find(std::string_view key) {
  return const_cast<value*>(static_cast<const value*>(this)->find(key));
}

value& value::put(std::string_view key, value v) {
  if (value* old = find(key)) {
    *old = std::move(v);
    return *old;
  }
  members.push_back({std::string(key), v.at, std::move(v)});
  return members.back().is;
}

std::string_view kind_name(value::kind k) {
  switch (k) {
    case value::kind::null:
      return "nothing";
    case value::kind::boolean:
      return "true or false";
    case value::kind::integer:
      return "an integer";
    case value::kind::number:
      return "a number";
    case value::kind::string:
      return "a string";
    case value::kind::list:
      return "a list";
    case value::kind::object:
      return "a map";
  }
  return "nothing";
}

std::string to_json(const value& v, bool sorted, bool hide_secrets) {
  std::string out;
  write(out, v, sorted, hide_secrets);
  return out;
}

std::string pointer_step(std::string_view pointer, std::string_view key) {
  std::string out(pointer);
  out += '/';
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string dotted(std::string_view pointer) {
  std::string out;
  while (!pointer.empty()) {
    const auto step = take_step(pointer);
    out += out.empty() ? "" : ".";
    out += step;
  }
  return out;
}

value* at_pointer(value& root, std::string_view pointer) {
  value* here = &root;
  while (here != nullptr && !pointer.empty()) {
    const auto step = take_step(pointer);
    if (here->is == value::kind::list) {
      std::size_t index = 0;
      const auto done = std::from_chars(step.data(), step.data() + step.size(), index);
      const bool ok = done.ec == std::errc() && done.ptr == step.data() + step.size();
      here = ok && index < here->items.size() ? &here->items[index] : nullptr;
    } else {
      here = here->find(step);
    }
  }
  return here;
}

}  // namespace spawn::config
