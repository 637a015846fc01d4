#include "admin/record_json.hpp"

#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/base64.hpp"
#include "base/utf8.hpp"

namespace spawn {
namespace {

using nlohmann::json;

std::string hex_of(std::uint64_t value) {
  char out[17];
  std::snprintf(out, sizeof out, "%016llx", static_cast<unsigned long long>(value));
  return out;
}

void put_text(json& to, const std::string& name, const std::string& bytes) {
  if (is_utf8(bytes)) {
    to[name] = bytes;
  } else {
    to[name + "_base64"] = base64_encode(bytes);
  }
}

tl::unexpected<error> wrong(const std::string& name, const char* what) {
  return fail(errc::invalid, "\"" + name + "\" " + what);
}

result<std::string> bytes_of(const json& from, const std::string& name) {
  const auto at = from.find(name);
  if (at == from.end()) {
    return std::string();
  }
  if (!at->is_string()) {
    return wrong(name, "is not a string");
  }
  auto bytes = base64_decode(at->get_ref<const std::string&>());
  if (!bytes) {
    return wrong(name, "is not base64");
  }
  return std::move(*bytes);
}

result<std::string> text_or_bytes(const json& from, const std::string& name) {
  const auto at = from.find(name);
  if (at == from.end()) {
    return bytes_of(from, name + "_base64");
  }
  if (!at->is_string()) {
    return wrong(name, "is not a string");
  }
  return at->get<std::string>();
}

result<std::uint64_t> number_of(const json& from, const std::string& name) {
  const auto at = from.find(name);
  if (at == from.end()) {
    return std::uint64_t{0};
  }
  if (!at->is_number_unsigned()) {
    return wrong(name, "is not a whole number from 0 on");
  }
  return at->get<std::uint64_t>();
}

result<std::uint64_t> hex_number_of(const json& from, const std::string& name) {
  const auto at = from.find(name);
  if (at == from.end()) {
    return std::uint64_t{0};
  }
  std::uint64_t out = 0;
  const std::string text = at->is_string() ? at->get<std::string>() : std::string();
  const auto [stopped, failed] = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (text.empty() || failed != std::errc() || stopped != text.data() + text.size()) {
    return wrong(name, "is not a hexadecimal number in a string");
  }
  return out;
}

result<bool> flag_of(const json& from, const std::string& name) {
  const auto at = from.find(name);
  if (at != from.end() && !at->is_boolean()) {
    return wrong(name, "is not true or false");
  }
  return at != from.end() && at->get<bool>();
}

}  // namespace

json json_of(const stored_row& row, bool is_history) {
  json out = json::object();
  put_text(out, "key", row.key);
  out["revision"] = row.revision;
  out["writer"] = hex_of(row.writer);
  out["written_ms"] = row.written_ms;
  if (row.expires_ms != 0) {
    out["expires_ms"] = row.expires_ms;
  }
  if (!row.type_url.empty()) {
    put_text(out, "type_url", row.type_url);
  }
  if (row.has_payload) {
    out["payload"] = base64_encode(row.payload);
  }
  if (!row.meta.empty()) {
    out["meta"] = base64_encode(row.meta);
  }
  if (row.tombstone) {
    out["tombstone"] = true;
  }
  if (is_history) {
    out["history"] = true;
  }
  return out;
}

result<imported_row> imported_row_of(const json& from) {
  if (!from.is_object()) {
    return fail(errc::invalid, "a record is not a JSON object");
  }
  imported_row out;
  SPAWN_TRY(out.row.key, text_or_bytes(from, "key"));
  SPAWN_TRY(out.row.revision, number_of(from, "revision"));
  SPAWN_TRY(out.row.writer, hex_number_of(from, "writer"));
  SPAWN_TRY(const std::uint64_t written, number_of(from, "written_ms"));
  SPAWN_TRY(const std::uint64_t expires, number_of(from, "expires_ms"));
  SPAWN_TRY(out.row.type_url, text_or_bytes(from, "type_url"));
  SPAWN_TRY(out.row.payload, bytes_of(from, "payload"));
  SPAWN_TRY(out.row.meta, bytes_of(from, "meta"));
  SPAWN_TRY(out.row.tombstone, flag_of(from, "tombstone"));
  SPAWN_TRY(out.is_history, flag_of(from, "history"));
  SPAWN_TRY(out.expect_revision, number_of(from, "expect_revision"));
  SPAWN_TRY(out.expect_writer, hex_number_of(from, "expect_writer"));
  out.row.has_payload = from.contains("payload");
  out.row.written_ms = static_cast<std::int64_t>(written);
  out.row.expires_ms = static_cast<std::int64_t>(expires);
  if (out.row.key.empty()) {
    return wrong("key", "is missing");
  }
  if (out.row.revision <= out.expect_revision) {
    return wrong("revision", "is not above the one before it");
  }
  return out;
}

}  // namespace spawn
