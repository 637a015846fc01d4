// Tokens of a service account, with a key made here and looked at by OpenSSL.
#include "jwt.hpp"

#include <gtest/gtest.h>

#include "contract/activator/pubsub_account.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace {

using contract::test_account;
using pubsub::service_account;
using spawn::plugin::refused;

// One for all: making a key takes its time.
const test_account& account() {
  static const test_account made;
  return made;
}

std::string why_refused(const std::string& key_file) {
  try {
    const service_account made(key_file);
    return "taken";
  } catch (const refused& e) {
    return e.what();
  }
}

TEST(jwt, a_token_says_who_to_whom_and_how_long) {
  const service_account made(account().key_file());
  const auto token = account().take_apart(made.token("https://service.example/", 1'700'000'000));
  EXPECT_EQ(token.head, (nlohmann::json{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", "key-1"}}));
  EXPECT_EQ(token.claims, (nlohmann::json{{"iss", "spawn@test.example"},
                                          {"sub", "spawn@test.example"},
                                          {"aud", "https://service.example/"},
                                          {"iat", 1'700'000'000},
                                          {"exp", 1'700'003'600}}));
}

TEST(jwt, a_token_is_signed_with_its_key_and_no_other) {
  const test_account stranger;
  const std::string token = service_account(account().key_file()).token("a", 1);
  EXPECT_TRUE(account().take_apart(token).signed_by_us);
  EXPECT_FALSE(stranger.take_apart(token).signed_by_us);
}

TEST(jwt, base64_for_urls_is_read_by_openssl) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(test_account::decoded(pubsub::base64url(bytes)), bytes);
    bytes.push_back(static_cast<char>(i * 7));
  }
  EXPECT_EQ(pubsub::base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(pubsub::base64url("a"), "YQ");
}

TEST(jwt, a_bad_key_file_is_refused_by_what_is_wrong) {
  EXPECT_EQ(why_refused("no json"), "config: credentials_file is not JSON");
  EXPECT_EQ(why_refused(R"({"type": "authorized_user"})"),
            "config: credentials_file is not the key of a service account");
  EXPECT_EQ(why_refused(R"({"client_email": "a"})"),
            "config: credentials_file has no private_key_id");
  EXPECT_EQ(why_refused(R"({"client_email": "a", "private_key_id": "b", "private_key": "c"})"),
            "config: credentials_file has a private_key that is no PEM key");
}

TEST(jwt, a_key_that_is_not_rsa_is_refused) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"),
                                                                &EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  const nlohmann::json file{{"client_email", "a"},
                            {"private_key_id", "b"},
                            {"private_key", std::string(bytes, static_cast<std::size_t>(size))}};
  EXPECT_EQ(why_refused(file.dump()), "config: credentials_file has a private_key that is not RSA");
}

}  // namespace
