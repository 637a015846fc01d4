#include "trust/public_key.hpp"

#include "base/base64.hpp"
#include "trust/minisign_text.hpp"

namespace spawn::trust {
namespace {

constexpr std::string_view algorithm = "Ed";
constexpr std::size_t key_bytes = 2 + 8 + 32;
constexpr std::size_t line_bytes = 56;

}  // namespace

std::string text_of(const key_id& id) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (auto at = id.rbegin(); at != id.rend(); ++at) {
    out += digits[*at >> 4];
    out += digits[*at & 15];
  }
  return out;
}

bool looks_like_key(std::string_view text) noexcept {
  return text.size() == line_bytes && text.starts_with("RW");
}

result<public_key> parse_public_key(std::string_view text) {
  SPAWN_TRY(const auto lines, lines_of(text));
  if (lines.empty() || lines.size() > 2) {
    return fail(errc::invalid, "a public key is one line of base64, perhaps below a comment");
  }
  if (lines.size() == 2) {
    SPAWN_CHECK(comment_of(lines[0], untrusted_prefix));
  }
  SPAWN_TRY(const std::string bytes, bytes_of(lines.back(), key_bytes, "the public key"));
  if (!bytes.starts_with(algorithm)) {
    return fail(errc::unsupported, "the public key is not one for Ed25519");
  }
  return public_key{part_of<8>(bytes, 2), part_of<32>(bytes, 10)};
}

std::string key_line(const public_key& key) {
  std::string bytes(algorithm);
  append(bytes, key.id);
  append(bytes, key.bytes);
  return base64_encode(bytes);
}

std::string public_key_text(const public_key& key) {
  return std::string(untrusted_prefix) + "minisign public key " + text_of(key.id) + "\n" +
         key_line(key) + "\n";
}

}  // namespace spawn::trust
