#include "state/seal/crypto.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

namespace spawn {
namespace {

constexpr std::size_t base64_chars = 44;  // 32 bytes and one '=' of padding
constexpr std::string_view hkdf_info = "spawn seal v1";

constexpr int base64_value(char c) noexcept {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  if (c == '+') {
    return 62;
  }
  return c == '/' ? 63 : -1;
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(space) - first + 1);
}

struct kdf_free {
  void operator()(EVP_KDF* kdf) const noexcept { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* ctx) const noexcept { EVP_KDF_CTX_free(ctx); }
};

}  // namespace

secret_key::~secret_key() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

result<secret_key> parse_master_key(std::string_view base64, std::string_view where) {
  const auto bad = [&] {
    return fail(errc::invalid, std::string(where) +
                                   ": not the base64 form of 32 bytes; make a key with "
                                   "'openssl rand -base64 32'");
  };
  const auto text = trimmed(base64);
  if (text.size() != base64_chars || text.back() != '=') {
    return bad();
  }
  secret_key out;
  std::uint32_t bits = 0;
  int have = 0;
  std::size_t at = 0;
  for (const char c : text.substr(0, base64_chars - 1)) {
    const int value = base64_value(c);
    if (value < 0) {
      return bad();
    }
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) {
      have -= 8;
      out.data()[at++] = static_cast<unsigned char>(bits >> have);
    }
  }
  const bool spare_bits = (bits & ((1u << have) - 1)) != 0;
  OPENSSL_cleanse(&bits, sizeof bits);
  if (spare_bits) {
    return bad();
  }
  return out;
}

result<key_id> id_of(const secret_key& master) {
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(master.data(), secret_key::size, digest.data(), nullptr, EVP_sha256(), nullptr) !=
      1) {
    return fail(errc::internal, "SHA-256 is not available in this OpenSSL");
  }
  key_id out;
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

std::string to_hex(const key_id& id) {
  std::string out;
  for (const unsigned byte : id) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 0xf];
  }
  return out;
}

result<secret_key> derive_data_key(const secret_key& master, const seal_salt& salt) {
  const std::unique_ptr<EVP_KDF, kdf_free> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, kdf_free> ctx(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  // OpenSSL takes parameters through pointers to non-const and does not write through these.
  char digest[] = "SHA256";
  secret_key key = master;
  seal_salt salted = salt;
  std::string info(hkdf_info);
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), secret_key::size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salted.data(), salted.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  secret_key out;
  if (!ctx || EVP_KDF_derive(ctx.get(), out.data(), secret_key::size, params) != 1) {
    return fail(errc::internal, "HKDF-SHA256 is not available in this OpenSSL");
  }
  return out;
}

result<seal_salt> random_salt() {
  seal_salt out;
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    return fail(errc::internal, "the system gives no random bytes for the encryption salt");
  }
  return out;
}

std::string name_digest(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  // Fails only without memory or without SHA-256; digests of zeros would be a collision in a key.
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    std::abort();
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 0xf];
  }
  return out;
}

}  // namespace spawn
