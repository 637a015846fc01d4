#include "ingress/encoding.hpp"

#include <zlib.h>

namespace spawn {
namespace {

constexpr std::size_t stored_below = 1'024;

std::string_view trim(std::string_view text) noexcept {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void put_le(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

void put_be32(std::string& out, std::uint32_t value) {
  for (int i = 3; i >= 0; --i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

// One final stored block (RFC 1951, 3.2.4); `body` is shorter than 64 KiB.
void put_stored_block(std::string& out, std::string_view body) {
  const auto length = static_cast<std::uint16_t>(body.size());
  out += '\x01';
  put_le(out, length, 2);
  put_le(out, static_cast<std::uint16_t>(~length), 2);
  out += body;
}

const Bytef* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const Bytef*>(text.data());
}

}  // namespace

content_encoding choose_encoding(std::string_view accept) noexcept {
  while (!accept.empty()) {
    const auto comma = accept.find(',');
    const auto entry = accept.substr(0, comma);
    accept = comma == std::string_view::npos ? std::string_view() : accept.substr(comma + 1);
    const auto semicolon = entry.find(';');
    const auto coding = trim(entry.substr(0, semicolon));
    if (semicolon != std::string_view::npos) {
      const auto weight = trim(entry.substr(semicolon + 1));
      if (weight.starts_with("q=0") && weight.find_first_not_of("q=0.") == weight.npos) {
        continue;
      }
    }
    if (coding == "gzip" || coding == "x-gzip") {
      return content_encoding::gzip;
    }
    if (coding == "deflate") {
      return content_encoding::deflate;
    }
  }
  return content_encoding::identity;
}

std::string_view name_of(content_encoding e) noexcept {
  return e == content_encoding::gzip ? "gzip" : "deflate";
}

struct body_encoder::streams {
  z_stream gzip{};
  z_stream deflate{};
  bool gzip_ready = false;
  bool deflate_ready = false;
  ~streams() {
    if (gzip_ready) {
      ::deflateEnd(&gzip);
    }
    if (deflate_ready) {
      ::deflateEnd(&deflate);
    }
  }
};

body_encoder::body_encoder() : streams_(std::make_unique<streams>()) {}
body_encoder::~body_encoder() = default;

bool body_encoder::encode(content_encoding e, std::string_view body, std::string& out) {
  out.clear();
  if (body.size() < stored_below) {
    const auto size = static_cast<uInt>(body.size());
    if (e == content_encoding::gzip) {
      constexpr std::string_view head("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);  // RFC 1952, 2.3
      out += head;
      put_stored_block(out, body);
      put_le(out, static_cast<std::uint32_t>(::crc32(0, bytes_of(body), size)), 4);
      put_le(out, size, 4);
    } else {
      out += "\x78\x01";  // RFC 1950
      put_stored_block(out, body);
      put_be32(out, static_cast<std::uint32_t>(::adler32(1, bytes_of(body), size)));
    }
    return true;
  }
  const bool is_gzip = e == content_encoding::gzip;
  z_stream& z = is_gzip ? streams_->gzip : streams_->deflate;
  bool& ready = is_gzip ? streams_->gzip_ready : streams_->deflate_ready;
  constexpr int level = 4;
  constexpr int memory = 8;
  if (!ready) {
    ready = ::deflateInit2(&z, level, Z_DEFLATED, is_gzip ? 15 + 16 : 15, memory,
                           Z_DEFAULT_STRATEGY) == Z_OK;
    if (!ready) {
      return false;
    }
  } else if (::deflateReset(&z) != Z_OK) {
    return false;
  }
  out.resize(::deflateBound(&z, body.size()));
  z.next_in = const_cast<Bytef*>(bytes_of(body));
  z.avail_in = static_cast<uInt>(body.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (::deflate(&z, Z_FINISH) != Z_STREAM_END) {
    return false;
  }
  out.resize(out.size() - z.avail_out);
  return true;
}

}  // namespace spawn
