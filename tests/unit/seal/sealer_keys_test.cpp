// Several keys, or none: rotation, missing keys, values in clear.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "state/seal/data_keys.hpp"
#include "state/seal/sealer.hpp"
#include "unit/seal/sealer_fixture.hpp"

namespace spawn {
namespace {

using test::incarnation;
using testing::HasSubstr;

seal_options with_key(const char* key) {
  return {.key_b64 = key};
}

TEST(SealerKeys, TheNextIncarnationOpensWithAnotherDataKey) {
  incarnation before(with_key(test::new_key));
  incarnation after(with_key(test::new_key));
  const auto old = before.seal("aad", "state");
  const auto young = after.seal("aad", "state");
  EXPECT_NE(old.substr(9, 16), young.substr(9, 16)) << "the salt is drawn anew";
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(*after.open("aad", old), "state");
    EXPECT_EQ(*after.open("aad", young), "state");
  }
}

TEST(SealerKeys, MoreIncarnationsThanTheCacheHoldsAllOpen) {
  std::vector<std::string> sealed;
  for (std::size_t i = 0; i < data_keys_max + 1; ++i) {
    sealed.push_back(incarnation(with_key(test::new_key)).seal("aad", std::to_string(i)));
  }
  incarnation reader(with_key(test::new_key));
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      ASSERT_EQ(*reader.open("aad", sealed[i]), std::to_string(i));
    }
  }
}

TEST(SealerKeys, AfterARotationOldValuesOpenAndNewOnesUseTheNewKey) {
  incarnation before(with_key(test::old_key));
  incarnation after({.key_b64 = test::new_key, .old_keys_b64 = {test::old_key}});
  EXPECT_EQ(*after.open("aad", before.seal("aad", "state")), "state");
  EXPECT_EQ(after.keys->active_key_id(),
            incarnation(with_key(test::new_key)).keys->active_key_id());
  incarnation later(with_key(test::new_key));
  EXPECT_EQ(*later.open("aad", after.seal("aad", "state")), "state");
}

TEST(SealerKeys, AKeyThatIsNotConfiguredIsNamed) {
  incarnation before(with_key(test::old_key));
  incarnation after(with_key(test::new_key));
  const auto opened = after.open("aad", before.seal("aad", "state"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::denied);
  EXPECT_EQ(opened.error().text, "sealed with key " + before.keys->active_key_id() +
                                     ", which is not configured (encryption.keys)");
}

TEST(SealerKeys, AnOldKeyStillNoticesChanges) {
  auto sealed = incarnation(with_key(test::old_key)).seal("aad", "state");
  incarnation after({.key_b64 = test::new_key, .old_keys_b64 = {test::old_key}});
  sealed.back() = static_cast<char>(sealed.back() ^ 1);
  EXPECT_EQ(after.open("aad", sealed).error().code, errc::corrupt);
}

TEST(SealerKeys, ALaneGoesOnAfterAFailedOpen) {
  incarnation before(with_key(test::old_key));
  incarnation after({.key_b64 = test::new_key, .old_keys_b64 = {test::old_key}});
  const auto good = before.seal("aad", "state");
  EXPECT_FALSE(after.open("other", good));
  EXPECT_EQ(*after.open("aad", good), "state");
  EXPECT_EQ(*after.open("aad", after.seal("aad", "mine")), "mine");
}

TEST(SealerKeys, TheSameKeyTwiceIsOneKey) {
  incarnation kernel({.key_b64 = test::new_key, .old_keys_b64 = {test::new_key, test::new_key}});
  EXPECT_TRUE(kernel.keys->enabled());
  EXPECT_EQ(*kernel.open("aad", kernel.seal("aad", "state")), "state");
}

TEST(SealerKeys, ABadKeyIsRefusedWithItsPlace) {
  const auto first = sealer::create(with_key("nonsense"));
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().code, errc::invalid);
  EXPECT_THAT(first.error().text, HasSubstr("encryption.key: not the base64"));
  const auto old =
      sealer::create({.key_b64 = test::new_key, .old_keys_b64 = {test::old_key, "nonsense"}});
  ASSERT_FALSE(old);
  EXPECT_THAT(old.error().text, HasSubstr("encryption.keys[1]: not the base64"));
}

TEST(SealerKeys, WithoutAKeyValuesAreInClearAndSayThatTheyAre) {
  incarnation open_kernel(seal_options{});
  EXPECT_FALSE(open_kernel.keys->enabled());
  EXPECT_EQ(open_kernel.keys->active_key_id(), "");
  const std::string_view parts[] = {"\x01 looks sealed", " but is not"};
  std::string stored;
  ASSERT_TRUE(open_kernel.lane->seal("aad", parts, stored));
  EXPECT_EQ(stored, std::string("\0\x01 looks sealed but is not", 26));
  EXPECT_EQ(*open_kernel.open("aad", stored), "\x01 looks sealed but is not");
}

TEST(SealerKeys, ValuesWrittenInClearOpenAfterAKeyWasConfigured) {
  const auto stored = incarnation(seal_options{}).seal("aad", "state");
  EXPECT_EQ(*incarnation(with_key(test::new_key)).open("aad", stored), "state");
}

TEST(SealerKeys, WithoutAKeySealedValuesAreDenied) {
  const auto sealed = incarnation(with_key(test::new_key)).seal("aad", "state");
  EXPECT_EQ(incarnation(seal_options{}).open("aad", sealed).error().code, errc::denied);
  incarnation retired({.old_keys_b64 = {test::new_key}});
  EXPECT_FALSE(retired.keys->enabled());
  EXPECT_EQ(*retired.open("aad", sealed), "state");
  EXPECT_EQ(retired.seal("aad", "x"), std::string("\0x", 2));
}

TEST(SealerKeys, WithoutAKeyAnAllZeroHeaderOpensNothing) {
  std::string forged(seal_overhead, '\0');
  forged[0] = '\x01';
  EXPECT_EQ(incarnation(seal_options{}).open("aad", forged).error().code, errc::denied);
}

TEST(SealerKeys, RequiredWithoutAKeyRefusesToStart) {
  const auto made = sealer::create({.old_keys_b64 = {test::old_key}, .required = true});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, errc::invalid);
  EXPECT_THAT(made.error().text, HasSubstr("encryption.required"));
  EXPECT_THAT(made.error().text, HasSubstr("SPAWN_STATESTORE_KEY"));
}

TEST(SealerKeys, WhereEncryptionIsRequiredAValueInClearCannotTakeTheirPlace) {
  incarnation strict({.key_b64 = test::new_key, .required = true});
  EXPECT_EQ(*strict.open("aad", strict.seal("aad", "state")), "state");
  const auto opened = strict.open("aad", incarnation(seal_options{}).seal("aad", "forged"));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::denied);
  EXPECT_THAT(opened.error().text, HasSubstr("stored in clear"));
}

}  // namespace
}  // namespace spawn
