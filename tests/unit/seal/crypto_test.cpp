#include "state/seal/crypto.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "state/seal/data_keys.hpp"
#include "unit/seal/corpus.hpp"

namespace spawn {
namespace {

using testing::HasSubstr;

// 00 01 .. 1f
constexpr std::string_view counting = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::string bytes_of(const secret_key& key) {
  return {reinterpret_cast<const char*>(key.data()), secret_key::size};
}

TEST(MasterKey, IsBase64OfThirtyTwoBytes) {
  const auto key = parse_master_key(counting, "encryption.key");
  ASSERT_TRUE(key) << key.error().text;
  for (unsigned i = 0; i < secret_key::size; ++i) {
    EXPECT_EQ(key->data()[i], i);
  }
}

TEST(MasterKey, MayStandBetweenWhiteSpace) {
  EXPECT_TRUE(parse_master_key(" " + std::string(counting) + "\r\n", "x"));
}

TEST(MasterKey, AnythingElseIsRefusedWithItsPlaceAndWithoutItsText) {
  const std::string text(counting);
  for (const std::string& bad :
       {std::string(), std::string("\n"), std::string("hunter2"), text.substr(1), text + "A",
        text.substr(0, 43) + "A", "*" + text.substr(1),
        text.substr(0, 42) + "==", text.substr(0, 42) + "9="}) {
    const auto key = parse_master_key(bad, "encryption.keys[3]");
    ASSERT_FALSE(key) << bad;
    EXPECT_EQ(key.error().code, errc::invalid);
    EXPECT_THAT(key.error().text, HasSubstr("encryption.keys[3]: not the base64 form"));
    EXPECT_EQ(key.error().text.find("hunter2"), std::string::npos);
  }
}

TEST(KeyId, IsTheBeginningOfTheHash) {
  EXPECT_EQ(to_hex(*id_of(*parse_master_key(counting, "x"))), "630dcd2966c43366");
}

TEST(DataKey, IsTheSameAsAnotherHkdfMakesIt) {
  seal_salt salt;
  for (unsigned i = 0; i < salt.size(); ++i) {
    salt[i] = static_cast<unsigned char>(0xa0 + i);
  }
  const auto key = derive_data_key(*parse_master_key(counting, "x"), salt);
  ASSERT_TRUE(key);
  EXPECT_EQ(bytes_of(*key),
            test::from_hex("1abf6f153feba99cb50461b0e17b435357825ec28bd5e56d5e4ef94f68d8516e"));
}

TEST(Salt, DiffersEachTime) {
  EXPECT_NE(*random_salt(), *random_salt());
}

data_key_id numbered(unsigned char number) {
  data_key_id id;
  id.salt[0] = number;
  return id;
}

secret_key filled(unsigned char byte) {
  secret_key key;
  std::memset(key.data(), byte, secret_key::size);
  return key;
}

TEST(DataKeyCache, ForgetsTheLeastRecentlyUsedAtItsLimit) {
  data_key_cache cache(3);
  for (unsigned char i = 0; i < 3; ++i) {
    cache.insert(numbered(i), filled(i));
  }
  EXPECT_EQ(cache.size(), 3u);
  for (unsigned char i = 0; i < 3; ++i) {
    ASSERT_NE(cache.find(numbered(i)), nullptr);
    EXPECT_EQ(bytes_of(*cache.find(numbered(i))), bytes_of(filled(i)));
  }
  ASSERT_NE(cache.find(numbered(0)), nullptr);  // 1 is now the oldest
  cache.insert(numbered(3), filled(3));
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(cache.find(numbered(1)), nullptr);
  EXPECT_NE(cache.find(numbered(0)), nullptr);
  EXPECT_NE(cache.find(numbered(2)), nullptr);
  EXPECT_NE(cache.find(numbered(3)), nullptr);
}

TEST(DataKeyCache, TellsKeysOfOneSaltApart) {
  data_key_cache cache;
  auto other = numbered(1);
  other.key[0] = 9;
  cache.insert(numbered(1), filled(1));
  EXPECT_EQ(cache.find(other), nullptr);
}

}  // namespace
}  // namespace spawn
