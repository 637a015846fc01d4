#include "kv_entry.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

namespace nats_transport {

namespace {

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char c : text) {
    if (c == '=') {
      break;
    }
    const std::size_t digit = alphabet.find(c);
    if (digit == std::string_view::npos) {
      return std::nullopt;
    }
    held = (held << 6 | static_cast<std::uint32_t>(digit)) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>(held >> bits & 0xff));
    }
  }
  return out;
}

void take_header(kv_entry& out, std::string_view name, std::string_view value) {
  if (name == header_operation) {
    out.deleted = value == "DEL" || value == "PURGE";
  } else if (name == header_lease_ms) {
    (void)std::from_chars(value.data(), value.data() + value.size(), out.lease_ms);
  } else if (name == header_keepalive) {
    out.keepalive = true;
  }
}

// "NATS/1.0\r\nName: value\r\n...\r\n".
void take_headers(kv_entry& out, std::string_view lines) {
  while (!lines.empty()) {
    const std::size_t end = lines.find("\r\n");
    const std::string_view line = lines.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      std::string_view value = line.substr(colon + 1);
      value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
      take_header(out, line.substr(0, colon), value);
    }
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 2);
  }
}

}  // namespace

kv_entry read_entry(natsMsg* m, std::uint64_t revision) {
  kv_entry out;
  out.revision = revision;
  out.value = nats_common::payload_of(m);
  for (const auto& [name, value] : nats_common::headers_of(m)) {
    take_header(out, name, value);
  }
  return out;
}

bool read_entry(const nlohmann::json& body, kv_entry& out) {
  const auto message = body.find("message");
  if (message == body.end() || !message->is_object()) {
    return false;
  }
  const auto value = from_base64(message->value("data", std::string()));
  const auto headers = from_base64(message->value("hdrs", std::string()));
  if (!value || !headers) {
    return false;
  }
  out.revision = message->value("seq", std::uint64_t{0});
  out.value = *value;
  take_headers(out, *headers);
  return out.revision != 0;
}

}  // namespace nats_transport
