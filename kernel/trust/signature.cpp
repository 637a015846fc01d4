#include "trust/signature.hpp"

#include <openssl/evp.h>

#include <memory>

#include "base/base64.hpp"
#include "trust/minisign_text.hpp"

namespace spawn::trust {
namespace {

constexpr std::size_t signature_bytes = 2 + 8 + 64;

bool ed25519_holds(const public_key& key, const std::array<unsigned char, 64>& signature,
                   std::string_view message) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return pkey && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                          reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

}  // namespace

result<signature> parse_signature(std::string_view text) {
  SPAWN_TRY(const auto lines, lines_of(text));
  if (lines.size() != 4) {
    return fail(errc::invalid,
                "a signature has four lines, this has " + std::to_string(lines.size()));
  }
  signature out;
  SPAWN_TRY(out.untrusted_comment, comment_of(lines[0], untrusted_prefix));
  SPAWN_TRY(const std::string bytes, bytes_of(lines[1], signature_bytes, "the signature"));
  if (bytes.starts_with("ED")) {
    out.form = signature_form::prehashed;
  } else if (bytes.starts_with("Ed")) {
    out.form = signature_form::legacy;
  } else {
    return fail(errc::unsupported, "the signature is of an unknown sort; Ed and ED are known");
  }
  out.key = part_of<8>(bytes, 2);
  out.bytes = part_of<64>(bytes, 10);
  SPAWN_TRY(out.trusted_comment, comment_of(lines[2], trusted_prefix));
  SPAWN_TRY(const std::string global,
            bytes_of(lines[3], out.global.size(), "the signature of the trusted comment"));
  out.global = part_of<64>(global, 0);
  return out;
}

std::string signature_text(const signature& from) {
  std::string bytes = from.form == signature_form::prehashed ? "ED" : "Ed";
  append(bytes, from.key);
  append(bytes, from.bytes);
  std::string global;
  append(global, from.global);
  return std::string(untrusted_prefix) + from.untrusted_comment + "\n" + base64_encode(bytes) +
         "\n" + std::string(trusted_prefix) + from.trusted_comment + "\n" + base64_encode(global) +
         "\n";
}

std::string signed_bytes(signature_form form, std::string_view data) {
  if (form == signature_form::legacy) {
    return std::string(data);
  }
  std::array<unsigned char, 64> digest{};
  unsigned int length = 0;
  std::string out;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_blake2b512(), nullptr) ==
          1 &&
      length == digest.size()) {
    append(out, digest);
  }
  return out;
}

result<void> verify(const signature& of, const public_key& key, std::string_view data) {
  if (of.key != key.id) {
    return fail(errc::denied,
                "it was made with key " + text_of(of.key) + ", not with key " + text_of(key.id));
  }
  const std::string message = signed_bytes(of.form, data);
  if (of.form == signature_form::prehashed && message.empty()) {
    return fail(errc::internal, "OpenSSL can not make BLAKE2b-512");
  }
  if (!ed25519_holds(key, of.bytes, message)) {
    return fail(errc::denied, "the signature by key " + text_of(key.id) +
                                  " is bad: the file was changed after it was signed, or the "
                                  "signature belongs to another file");
  }
  std::string covered;
  append(covered, of.bytes);
  covered += of.trusted_comment;
  if (!ed25519_holds(key, of.global, covered)) {
    return fail(errc::denied,
                "the trusted comment was altered after key " + text_of(key.id) + " signed it");
  }
  return {};
}

}  // namespace spawn::trust
