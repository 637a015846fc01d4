// A service account made by the test: its key file, and a check of what was signed with it.
#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace contract {

class test_account {
 public:
  test_account() : key_(EVP_RSA_gen(2048), &EVP_PKEY_free) {}

  // As Google Cloud writes it.
  [[nodiscard]] std::string key_file() const {
    return nlohmann::json{{"type", "service_account"},
                          {"client_email", "spawn@test.example"},
                          {"private_key_id", "key-1"},
                          {"private_key", pem()}}
        .dump();
  }
  [[nodiscard]] std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    PEM_write_bio_PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out.get(), &bytes);
    return {bytes, static_cast<std::size_t>(size)};
  }

  struct parts {
    nlohmann::json head, claims;
    bool signed_by_us = false;
  };
  // Throws for what is no JWT.
  [[nodiscard]] parts take_apart(std::string_view token) const {
    const auto first = token.find('.');
    const auto last = token.rfind('.');
    if (first == std::string_view::npos || first == last) {
      throw std::runtime_error("not a JWT");
    }
    parts out;
    out.head = nlohmann::json::parse(decoded(token.substr(0, first)));
    out.claims = nlohmann::json::parse(decoded(token.substr(first + 1, last - first - 1)));
    const std::string signature = decoded(token.substr(last + 1));
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get());
    out.signed_by_us = EVP_DigestVerify(context.get(), bytes(signature), signature.size(),
                                        bytes(token), last) == 1;
    return out;
  }

  // base64 for URLs by OpenSSL's own decoder, which wants the usual letters and padding.
  [[nodiscard]] static std::string decoded(std::string_view text) {
    std::string usual(text);
    for (char& c : usual) {
      c = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    const std::size_t padding = (4 - usual.size() % 4) % 4;
    usual.append(padding, '=');
    std::vector<unsigned char> out(usual.size());
    const int size = EVP_DecodeBlock(out.data(), bytes(usual), static_cast<int>(usual.size()));
    if (size < 0) {
      throw std::runtime_error("not base64");
    }
    return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size) - padding};
  }

 private:
  static const unsigned char* bytes(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  }

  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

}  // namespace contract
