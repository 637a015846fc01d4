#include "jwt.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "spawn/plugin/cpp/plugin.hpp"

namespace pubsub {

namespace {

using nlohmann::json;
using spawn::plugin::refused;

[[noreturn]] void refuse(const std::string& why) {
  throw refused(SPAWN_E_INVALID, "config: credentials_file " + why);
}

std::string text_of(const json& from, const char* key) {
  const auto at = from.find(key);
  if (at == from.end() || !at->is_string() || at->get_ref<const std::string&>().empty()) {
    refuse(std::string("has no ") + key);
  }
  return *at;
}

EVP_PKEY* read_key(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bytes(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  // A key with a pass phrase is none for us: the callback keeps OpenSSL from asking a terminal.
  const auto no_phrase = [](char*, int, int, void*) { return -1; };
  EVP_PKEY* key = bytes == nullptr
                      ? nullptr
                      : PEM_read_bio_PrivateKey(bytes.get(), nullptr, no_phrase, nullptr);
  if (key == nullptr) {
    refuse("has a private_key that is no PEM key");
  }
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
    EVP_PKEY_free(key);
    refuse("has a private_key that is not RSA");
  }
  return key;
}

std::string signed_by(EVP_PKEY* key, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::string out(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = out.size();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, bytes,
                     text.size()) != 1) {
    throw std::runtime_error("the token could not be signed");
  }
  out.resize(size);
  return out;
}

}  // namespace

std::string base64url(std::string_view bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t held = 0, bits = 0;
  for (const char c : bytes) {
    held = held << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6;) {
      bits -= 6;
      out += digits[held >> bits & 63];
    }
  }
  if (bits > 0) {
    out += digits[held << (6 - bits) & 63];
  }
  return out;
}

void service_account::free_key::operator()(EVP_PKEY* key) const noexcept {
  EVP_PKEY_free(key);
}

service_account::service_account(std::string_view text) {
  const json from = json::parse(text, nullptr, false);
  if (!from.is_object()) {
    refuse("is not JSON");
  }
  if (const auto type = from.value("type", json("service_account")); type != "service_account") {
    refuse("is not the key of a service account");
  }
  email_ = text_of(from, "client_email");
  key_id_ = text_of(from, "private_key_id");
  key_.reset(read_key(text_of(from, "private_key")));
}

std::string service_account::token(std::string_view audience, std::int64_t unix_seconds) const {
  const json head{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", key_id_}};
  const json claims{{"iss", email_},
                    {"sub", email_},
                    {"aud", audience},
                    {"iat", unix_seconds},
                    {"exp", unix_seconds + token_seconds}};
  std::string out = base64url(head.dump()) + "." + base64url(claims.dump());
  return out + "." + base64url(signed_by(key_.get(), out));
}

}  // namespace pubsub
