#include "outgoing.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "digest.hpp"
#include "incoming.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace sqs {

namespace {

using nlohmann::json;
using spawn::plugin::text;

constexpr std::size_t attributes_max = 10;
constexpr std::size_t attribute_name_max = 256;
constexpr std::size_t id_max = 128;
constexpr std::string_view string_type = "String";

bool is_name(std::string_view name) {
  const auto reserved = [&](std::string_view prefix) {
    return name.size() >= prefix.size() &&
           std::ranges::equal(name.substr(0, prefix.size()), prefix, [](char a, char b) {
             return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
           });
  };
  return !name.empty() && name.size() <= attribute_name_max &&
         std::ranges::all_of(name,
                             [](char c) {
                               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                      (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
                             }) &&
         !name.starts_with('.') && !name.ends_with('.') &&
         name.find("..") == std::string_view::npos && !reserved("aws.") && !reserved("amazon.");
}

void add_attribute(outgoing& to, std::string_view name, std::string_view value) {
  to.bytes += name.size() + string_type.size() + value.size();
  to.entry["MessageAttributes"][std::string(name)] = {{"DataType", string_type},
                                                      {"StringValue", value}};
}

// Headers as attributes, as many as may be; the others, and those that can not be, packed in one.
void add_headers(outgoing& to, std::span<const spawn_kv> headers) {
  const json& taken = to.entry["MessageAttributes"];
  const auto fits = [&](const spawn_kv& one) {
    return is_name(text(one.key)) && is_plain_body(text(one.value)) &&
           !taken.contains(std::string(text(one.key)));
  };
  const bool all =
      taken.size() + headers.size() <= attributes_max && std::ranges::all_of(headers, fits);
  json packed = json::array();
  for (const spawn_kv& one : headers) {
    if (taken.size() < attributes_max - (all ? 0 : 1) && fits(one)) {
      add_attribute(to, text(one.key), text(one.value));
    } else {
      packed.push_back({text(one.key), text(one.value)});
    }
  }
  if (!packed.empty()) {
    add_attribute(to, attribute::headers,
                  packed.dump(-1, ' ', true, json::error_handler_t::replace));
  }
}

void set_body(outgoing& to, std::string_view payload) {
  std::string body;
  if (is_plain_body(payload)) {
    body = payload;
  } else if (payload.empty()) {
    body = " ";
    add_attribute(to, attribute::body, "empty");
  } else {
    body = base64(payload);
    add_attribute(to, attribute::body, "base64");
  }
  to.bytes += body.size();
  to.entry["MessageBody"] = std::move(body);
}

void add_label(outgoing& to, const char* name, std::string_view value) {
  if (is_plain_body(value)) {
    add_attribute(to, name, value);
  } else if (!value.empty()) {
    add_attribute(to, name, hex(sha256(value)));
  }
}

}  // namespace

std::string as_id(std::string_view text) {
  const bool fine = !text.empty() && text.size() <= id_max &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  return fine ? std::string(text) : hex(sha256(text));
}

bool is_plain_body(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    if (size == 0 || i + size > bytes.size()) {
      return false;
    }
    std::uint32_t code = size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto byte = static_cast<unsigned char>(bytes[i + k]);
      if ((byte & 0xc0) != 0x80) {
        return false;
      }
      code = code << 6 | (byte & 0x3fu);
    }
    const bool shortest = size < 3 || code >= (size == 3 ? 0x800u : 0x10000u);
    const bool character = code == 9 || code == 10 || code == 13 ||
                           (code >= 0x20 && code <= 0xd7ff) || (code >= 0xe000 && code <= 0xfffd) ||
                           (code >= 0x10000 && code <= 0x10ffff);
    if (!shortest || !character) {
      return false;
    }
    i += size;
  }
  return !bytes.empty();
}

outgoing write_message(const spawn_sink_message& message, bool fifo) {
  outgoing out;
  out.entry["MessageAttributes"] = json::object();
  set_body(out, text(message.payload));
  add_label(out, attribute::content_type, text(message.content_type));
  add_label(out, attribute::type_url, text(message.type_url));
  const auto key = text(message.key);
  const auto dedup = text(message.dedup_id);
  if (fifo) {
    const std::string id = dedup.empty() ? random_hex(16) : as_id(dedup);
    out.entry["MessageDeduplicationId"] = id;
    out.entry["MessageGroupId"] = key.empty() ? id : as_id(key);  // no key: no order either
  } else {
    add_label(out, attribute::dedup_id, dedup);
    add_label(out, attribute::key, key);
  }
  add_headers(out, std::span(message.headers, message.n_headers));
  if (out.entry["MessageAttributes"].empty()) {
    out.entry.erase("MessageAttributes");
  }
  return out;
}

outgoing copy_of(const json& received, bool fifo) {
  outgoing out;
  out.entry["MessageBody"] = received.value("Body", std::string());
  if (const auto at = received.find("MessageAttributes"); at != received.end()) {
    out.entry["MessageAttributes"] = *at;
  }
  out.bytes = out.entry.dump(-1, ' ', false, json::error_handler_t::replace).size();
  if (fifo) {
    const auto system = received.find("Attributes");
    const auto id = received.value("MessageId", std::string());
    out.entry["MessageDeduplicationId"] = id;
    out.entry["MessageGroupId"] =
        system != received.end() ? system->value("MessageGroupId", id) : id;
  }
  return out;
}

}  // namespace sqs
