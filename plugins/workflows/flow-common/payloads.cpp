#include "flow-common/payloads.hpp"

namespace spawn::plugin::flows {
namespace {

constexpr std::string_view json_type_url = "type.googleapis.com/eigr.functions.protocol.JSONType";

bool is_json_type(std::string_view type_url) {
  const std::size_t at = type_url.find_last_of("./");
  return (at == std::string_view::npos ? type_url : type_url.substr(at + 1)) == "JSONType";
}

// JSONType {content = 1}; the last field wins.
std::optional<std::string_view> content_of(std::string_view message) {
  std::string_view content;
  spawn_wire_reader r = spawn_wire_read(slice(message));
  spawn_wire_field f;
  while (spawn_wire_next(&r, &f)) {
    if (f.number == 1) {
      if (f.type != SPAWN_WIRE_BYTES) {
        return std::nullopt;
      }
      content = text(f.bytes);
    }
  }
  return r.failed != 0 ? std::nullopt : std::optional(content);
}

}  // namespace

std::uint64_t size_of(const spawn_payload& p) {
  return p.type_url.len + p.value.len;
}

any_payload copy_of(const spawn_payload& p) {
  if (p.presence != SPAWN_P_VALUE) {
    return {p.presence == SPAWN_P_NOOP ? std::uint32_t{SPAWN_P_NOOP} : SPAWN_P_UNSET, {}, {}};
  }
  return {SPAWN_P_VALUE, std::string(text(p.type_url)), std::string(text(p.value))};
}

any_payload json_payload(const json& value) {
  const std::string content = write_json(value);
  spawn_wire_writer measure = spawn_wire_write(nullptr, 0);
  spawn_wire_put_bytes(&measure, 1, slice(content));
  any_payload out{SPAWN_P_VALUE, std::string(json_type_url), std::string(measure.needed, '\0')};
  spawn_wire_writer w = spawn_wire_write(out.value.data(), out.value.size());
  spawn_wire_put_bytes(&w, 1, slice(content));
  return out;
}

spawn_payload place(step_output& out, const any_payload& p) {
  return {p.presence, 0, out.copy(p.type_url), out.copy(p.value)};
}

std::optional<json> json_of(const any_payload& p) {
  if (p.presence != SPAWN_P_VALUE) {
    return json();
  }
  if (!is_json_type(p.type_url)) {
    return std::nullopt;
  }
  const std::optional<std::string_view> content = content_of(p.value);
  if (!content) {
    return std::nullopt;
  }
  return content->empty() ? json() : read_json(*content);
}

json shown(const any_payload& p) {
  if (std::optional<json> value = json_of(p)) {
    return std::move(*value);
  }
  return {{"type_url", p.type_url}, {"base64", base64(p.value)}};
}

bool same_content(const any_payload& a, const any_payload& b) {
  if (a == b) {
    return true;
  }
  const std::optional<json> left = json_of(a);
  return left && left == json_of(b);
}

}  // namespace spawn::plugin::flows
