#include "wire/common.hpp"

#include <map>

namespace spawn::wire {

bool read_actor_id(std::string_view bytes, actor_view& out) noexcept {
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        out.name = r.text();
        break;
      case 2:
        out.system = r.text();
        break;
      case 3:
        out.parent = r.text();
        break;
      default:
        r.skip();
    }
  }
  return r.ok();
}

std::size_t actor_id_size(actor_view id) noexcept {
  return text_size(id.name.size()) + text_size(id.system.size()) + text_size(id.parent.size());
}

void put_actor_id(std::string& out, std::uint32_t field, actor_view id) {
  put_tag(out, field, type::bytes);
  put_varint(out, actor_id_size(id));
  put_text(out, 1, id.name);
  put_text(out, 2, id.system);
  put_text(out, 3, id.parent);
}

bool read_any(std::string_view bytes, any_view& out) noexcept {
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        out.type_url = r.text();
        break;
      case 2:
        out.value = r.bytes();
        break;
      default:
        r.skip();
    }
  }
  return r.ok();
}

void append_any(std::string& out, std::string_view type_url, std::string_view value) {
  put_text(out, 1, type_url);
  put_text(out, 2, value);
}

std::string_view last_segment(std::string_view type_url) noexcept {
  const auto at = type_url.find_last_of("./");
  return at == std::string_view::npos ? type_url : type_url.substr(at + 1);
}

bool read_entry(std::string_view bytes, kv_view& out) noexcept {
  reader r(bytes);
  while (r.next()) {
    switch (r.field()) {
      case 1:
        out.key = r.text();
        break;
      case 2:
        out.value = r.text();
        break;
      default:
        r.skip();
    }
  }
  return r.ok();
}

void put_entry(std::string& out, std::uint32_t field, kv_view entry) {
  put_tag(out, field, type::bytes);
  put_varint(out, text_size(entry.key.size()) + text_size(entry.value.size()));
  put_text(out, 1, entry.key);
  put_text(out, 2, entry.value);
}

std::string canonical_tags(const std::vector<kv_view>& entries) {
  std::map<std::string_view, std::string_view> sorted;
  for (const auto& entry : entries) {
    sorted[entry.key] = entry.value;
  }
  std::string out;
  for (const auto& [key, value] : sorted) {
    put_entry(out, 5, {key, value});
  }
  return out;
}

std::vector<kv_view> read_tags(std::string_view canonical) {
  std::vector<kv_view> out;
  reader r(canonical);
  while (r.next()) {
    kv_view entry;
    if (r.field() == 5 && read_entry(r.bytes(), entry)) {
      out.push_back(entry);
    }
  }
  return out;
}

}  // namespace spawn::wire
