#include "trust/secret_key.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "trust/minisign_text.hpp"

namespace spawn::trust {
namespace {

using pkey_ptr = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

pkey_ptr pkey_of(const secret_key& key) {
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, key.seed.data(), key.seed.size()),
          EVP_PKEY_free};
}

result<std::array<unsigned char, 64>> ed25519(const secret_key& key, std::string_view message) {
  const pkey_ptr pkey = pkey_of(key);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  std::array<unsigned char, 64> out{};
  std::size_t length = out.size();
  if (!pkey || !context ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &length,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size()) != 1 ||
      length != out.size()) {
    return fail(errc::internal, "OpenSSL can not sign with Ed25519");
  }
  return out;
}

}  // namespace

secret_key::~secret_key() {
  OPENSSL_cleanse(seed.data(), seed.size());
}

result<secret_key> generate_key() {
  secret_key out;
  if (RAND_bytes(out.id.data(), static_cast<int>(out.id.size())) != 1 ||
      RAND_bytes(out.seed.data(), static_cast<int>(out.seed.size())) != 1) {
    return fail(errc::unavailable, "no random bytes can be had");
  }
  const pkey_ptr pkey = pkey_of(out);
  std::size_t length = out.open.size();
  if (!pkey || EVP_PKEY_get_raw_public_key(pkey.get(), out.open.data(), &length) != 1) {
    return fail(errc::internal, "OpenSSL can not make an Ed25519 key");
  }
  return out;
}

public_key public_half(const secret_key& key) {
  return {key.id, key.open};
}

result<signature> sign(const secret_key& key, std::string_view data, signature_form form,
                       std::string_view trusted_comment) {
  SPAWN_CHECK(check_comment(trusted_comment));
  signature out;
  out.form = form;
  out.key = key.id;
  out.untrusted_comment = "signature from minisign secret key " + text_of(key.id);
  out.trusted_comment = trusted_comment;
  const std::string message = signed_bytes(form, data);
  if (form == signature_form::prehashed && message.empty()) {
    return fail(errc::internal, "OpenSSL can not make BLAKE2b-512");
  }
  SPAWN_TRY(out.bytes, ed25519(key, message));
  std::string covered;
  append(covered, out.bytes);
  covered += out.trusted_comment;
  SPAWN_TRY(out.global, ed25519(key, covered));
  return out;
}

}  // namespace spawn::trust
