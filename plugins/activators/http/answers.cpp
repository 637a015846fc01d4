#include "answers.hpp"

#include <algorithm>

#include "json_text.hpp"
#include "names.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace http_activator {

namespace {

using spawn::plugin::text;

constexpr std::size_t reply_headers_max = 64;

std::uint32_t http_status_of(spawn_status status) noexcept {
  switch (status) {
    case SPAWN_E_INVALID:
      return 400;
    case SPAWN_E_NOT_FOUND:
      return 404;
    case SPAWN_E_CONFLICT:
    case SPAWN_E_ABORTED:
      return 409;
    case SPAWN_E_UNAVAILABLE:
    case SPAWN_E_CANCELLED:
    case SPAWN_E_SHUTDOWN:
      return 503;
    case SPAWN_E_DEADLINE:
      return 504;
    case SPAWN_E_EXHAUSTED:
      return 429;
    case SPAWN_E_TOO_LARGE:
      return 413;
    case SPAWN_E_DENIED:
      return 403;
    case SPAWN_E_UNSUPPORTED:
      return 501;
    default:
      return 500;
  }
}

// JSONType{content = 1}: the text of its last field 1. Nothing if the bytes are no such message.
std::optional<std::string> json_type_text(std::string_view bytes) {
  std::string out = "null";
  std::size_t at = 0;
  const auto varint = [&](std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at < bytes.size(); shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes[at++]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) {
        return true;
      }
    }
    return false;
  };
  while (at < bytes.size()) {
    std::uint64_t tag = 0, size = 0;
    constexpr unsigned length_delimited = 2;
    if (!varint(tag) || (tag & 7) != length_delimited || !varint(size) ||
        size > bytes.size() - at) {
      return std::nullopt;
    }
    if (tag >> 3 == 1 && size != 0) {
      out = bytes.substr(at, size);
    }
    at += size;
  }
  return out;
}

bool wants_protobuf(std::string_view accept) {
  return accept.find("application/protobuf") != accept.npos ||
         accept.find("application/x-protobuf") != accept.npos;
}

void take_payload(settled& from, std::string_view accept, const descriptors* types, answer& to) {
  const auto name = message_of(from.type_url);
  const auto json_type =
      name.substr(name.rfind('.') + 1) == "JSONType" ? json_type_text(from.value) : std::nullopt;
  if (json_type) {
    to.content_type = "application/json";
    to.body = *json_type;
    return;
  }
  if (!name.empty() && types != nullptr && types->knows(name) && !wants_protobuf(accept)) {
    if (auto json = types->to_json(name, from.value)) {
      to.content_type = "application/json";
      to.body = std::move(*json);
      return;
    }
  }
  to.content_type =
      wants_protobuf(accept) && !name.empty() ? "application/protobuf" : "application/octet-stream";
  if (!from.type_url.empty()) {
    to.headers.emplace_back("spawn-type-url", from.type_url);
  }
  to.body = std::move(from.value);
}

void take_headers(const pairs& from, answer& to) {
  for (const auto& [key, value] : from) {
    const auto name = lower(key);
    const bool fine = is_token(name) && is_text(value) && !is_one_of(name, framing_headers) &&
                      to.headers.size() < reply_headers_max;
    if (!fine || name == "date" || name == "set-cookie") {
      continue;
    }
    if (name != "content-type") {
      to.headers.emplace_back(name, value);
    } else if (to.content_type == "application/octet-stream") {
      to.content_type = value;
    }
  }
}

}  // namespace

settled::settled(const spawn_settle& from)
    : token(from.token),
      verdict(from.verdict),
      delay_ms(from.delay_ms),
      status(from.status),
      presence(from.reply.presence),
      type_url(text(from.reply.type_url)),
      value(text(from.reply.value)),
      error(text(from.error)) {
  for (std::uint32_t i = 0; i < from.n_reply_headers; ++i) {
    headers.emplace_back(text(from.reply_headers[i].key), text(from.reply_headers[i].value));
  }
}

answer reply_of(settled&& from, std::string_view accept, const descriptors* types) {
  answer out;
  if (from.presence == SPAWN_P_VALUE) {
    take_payload(from, accept, types, out);
  } else {
    out.status = 204;
  }
  take_headers(from.headers, out);
  return out;
}

answer failure_of(const settled& from) {
  const std::uint32_t wait_s = std::max<std::uint32_t>(1, (from.delay_ms + 999) / 1'000);
  const auto said = [&](std::string_view otherwise) {
    return from.error.empty() ? otherwise : std::string_view(from.error);
  };
  if (from.verdict == SPAWN_RELEASE) {
    return problem(503, said("this server is being stopped"), wait_s);
  }
  std::uint32_t status = from.status == SPAWN_OK ? 500 : http_status_of(from.status);
  if (from.verdict == SPAWN_RETRY) {
    status = status == 429 ? 429 : 503;
  } else if (from.verdict == SPAWN_DEAD && status >= 500) {
    status = 422;
  }
  const bool again = status == 429 || status == 503;
  answer out = problem(status, said("the request could not be served"), again ? wait_s : 0);
  take_headers(from.headers, out);
  return out;
}

}  // namespace http_activator
