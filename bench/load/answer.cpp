#include "answer.hpp"

#include <strings.h>
#include <charconv>
#include <cstdint>

namespace spawn::bench {

namespace {

constexpr std::uint64_t status_ok = 1;

struct field {
  std::uint64_t number = 0;
  std::uint64_t varint = 0;
  std::string_view bytes;
};

bool read_varint(std::string_view& in, std::uint64_t& out) {
  out = 0;
  for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    out |= std::uint64_t{byte & 0x7FU} << shift;
    if ((byte & 0x80U) == 0) {
      return true;
    }
  }
  return false;
}

bool skip(std::string_view& in, std::size_t bytes) {
  if (in.size() < bytes) {
    return false;
  }
  in.remove_prefix(bytes);
  return true;
}

bool read_field(std::string_view& in, field& out) {
  std::uint64_t tag = 0;
  if (!read_varint(in, tag)) {
    return false;
  }
  out = {};
  out.number = tag >> 3;
  switch (tag & 7) {
    case 0:
      return read_varint(in, out.varint);
    case 1:
      return skip(in, 8);
    case 5:
      return skip(in, 4);
    case 2: {
      std::uint64_t size = 0;
      if (!read_varint(in, size) || size > in.size()) {
        return false;
      }
      out.bytes = in.substr(0, size);
      in.remove_prefix(size);
      return true;
    }
    default:
      return false;
  }
}

bool is_ok(std::string_view request_status) {
  std::uint64_t status = 0;
  for (field each; !request_status.empty();) {
    if (!read_field(request_status, each)) {
      return false;
    }
    status = each.number == 1 ? each.varint : status;
  }
  return status == status_ok;
}

// The last value of a length-delimited field; empty when there is none.
std::string_view bytes_in(std::string_view message, std::uint64_t number) {
  std::string_view out;
  for (field each; !message.empty();) {
    if (!read_field(message, each)) {
      return {};
    }
    out = each.number == number ? each.bytes : out;
  }
  return out;
}

bool to_number(std::string_view text, std::size_t& out) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{};
}

}  // namespace

http_head read_head(std::string_view bytes) {
  constexpr std::string_view length = "content-length:";
  http_head head;
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return head;
  }
  head.complete = true;
  head.body_at = end + 4;
  const auto text = bytes.substr(0, end + 2);
  std::size_t status = 0;
  if (!text.starts_with("HTTP/1.1 ") || !to_number(text.substr(9, 3), status)) {
    return head;
  }
  head.status = static_cast<int>(status);
  for (auto at = text.find("\r\n") + 2; at < text.size(); at = text.find("\r\n", at) + 2) {
    if (text.size() - at > length.size() &&
        ::strncasecmp(text.data() + at, length.data(), length.size()) == 0) {
      head.valid = to_number(text.substr(at + length.size()), head.body_bytes);
      break;
    }
  }
  return head;
}

bool is_good(std::string_view body, expectation wanted) {
  if (wanted == expectation::anything) {
    return true;
  }
  bool good = false;
  for (field each; !body.empty();) {
    if (!read_field(body, each)) {
      return false;
    }
    if (wanted == expectation::status_ok && each.number == 1) {
      good = is_ok(each.bytes);
    } else if (wanted == expectation::updated_context && each.number == 3) {
      good = true;
    }
  }
  return good;
}

std::string_view updated_state(std::string_view body) {
  constexpr std::uint64_t updated_context = 3, state = 1;
  return bytes_in(bytes_in(body, updated_context), state);
}

}  // namespace spawn::bench
