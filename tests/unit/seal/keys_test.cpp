#include "state/seal/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/limits.hpp"

namespace spawn {
namespace {

using testing::HasSubstr;

TEST(Keys, AreReadableAndOneFamilyEach) {
  EXPECT_EQ(*actor_key("sys", "parent", "joe"), "a/sys/parent/joe");
  EXPECT_EQ(*actor_key("sys", "", "joe"), "a/sys//joe");
  EXPECT_EQ(*registration_key("sys", "Counter"), "r/sys/Counter");
  EXPECT_EQ(*binding_key("sys", "joe"), "b/sys/joe");
}

TEST(Keys, EncodeOnlyPercentSlashAndControlBytes) {
  EXPECT_EQ(*binding_key("s", "a/b%c"), "b/s/a%2Fb%25c");
  EXPECT_EQ(*binding_key("s", std::string_view("\0\x1f\x7f", 3)), "b/s/%00%1F%7F");
  EXPECT_EQ(*binding_key("s", " .:ü\xff"), "b/s/ .:ü\xff");
}

TEST(Keys, ComeBackForEveryByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string part = std::string("x") + static_cast<char>(byte) + "y";
    const auto key = actor_key(part, part, part);
    ASSERT_TRUE(key);
    const auto parts = parse_actor_key(*key);
    ASSERT_TRUE(parts) << byte << ": " << parts.error().text;
    EXPECT_EQ(parts->system, part);
    EXPECT_EQ(parts->parent, part);
    EXPECT_EQ(parts->name, part);
  }
  const auto registration = parse_registration_key(*registration_key("a/b", "c%"));
  ASSERT_TRUE(registration);
  EXPECT_EQ(registration->system, "a/b");
  EXPECT_EQ(registration->type, "c%");
  const auto binding = parse_binding_key(*binding_key("a/b", "c%"));
  ASSERT_TRUE(binding);
  EXPECT_EQ(binding->system, "a/b");
  EXPECT_EQ(binding->name, "c%");
}

TEST(Keys, SlashesInPartsDoNotMakeTwoActorsOne) {
  EXPECT_NE(*actor_key("a/b", "c", "d"), *actor_key("a", "b/c", "d"));
  EXPECT_NE(*actor_key("a", "b", "c"), *actor_key("a", "", "b/c"));
}

TEST(Keys, RefuseAPartAboveItsLimitByName) {
  const std::string fits(limits::name_bytes_max, 'n');
  const std::string long_by_one = fits + "n";
  EXPECT_TRUE(actor_key("s", "p", fits));
  const auto name = actor_key("s", "p", long_by_one);
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error().code, errc::too_large);
  EXPECT_THAT(name.error().text, HasSubstr("the name is 513 bytes, at most 512"));
  EXPECT_THAT(actor_key(long_by_one, "p", "n").error().text, HasSubstr("the system is"));
  EXPECT_THAT(actor_key("s", long_by_one, "n").error().text, HasSubstr("the parent is"));
  EXPECT_THAT(registration_key("s", long_by_one).error().text, HasSubstr("the type is"));
}

TEST(Keys, RefuseAWholeAboveItsLimitAndNameTheLongestPart) {
  // a/ s / p / n: 4 bytes besides the parts.
  const std::string parent(500, 'p');
  const std::string fits(limits::key_bytes_max - 4 - 500 - 20, 'n');
  const std::string system(20, 's');
  const auto key = actor_key(system, parent, fits);
  ASSERT_TRUE(key) << key.error().text;
  EXPECT_EQ(key->size(), limits::key_bytes_max);
  EXPECT_TRUE(parse_actor_key(*key));
  const auto longer = actor_key(system + "s", parent, fits);
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().code, errc::too_large);
  EXPECT_THAT(longer.error().text, HasSubstr("1025 bytes, at most 1024"));
  EXPECT_THAT(longer.error().text, HasSubstr("the parent is its longest part (500 bytes"));
}

TEST(Keys, CountBytesAfterEncoding) {
  const auto key = actor_key("s", "p", std::string(400, '/'));
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().text, HasSubstr("the name is its longest part (1200 bytes encoded)"));
}

TEST(Keys, RefuseEmptyPartsButForTheParent) {
  EXPECT_EQ(actor_key("", "p", "n").error().code, errc::invalid);
  EXPECT_EQ(actor_key("s", "p", "").error().code, errc::invalid);
  EXPECT_EQ(registration_key("s", "").error().code, errc::invalid);
  EXPECT_EQ(binding_key("", "n").error().code, errc::invalid);
}

TEST(Keys, ParseRefusesWhatWasNeverWritten) {
  for (const std::string_view key :
       {"", "a", "a/", "a/s", "a/s/p", "a/s/p/n/x", "b/s/p/n", "a//p/n", "a/s/p/", "a/s/p/n%",
        "a/s/p/n%2", "a/s/p/%2f", "a/s/p/%41", "a/s/p/%zz", "a/s/p/n\n", "a/s/p/n\x7f"}) {
    const auto parts = parse_actor_key(key);
    ASSERT_FALSE(parts) << key;
    EXPECT_EQ(parts.error().code, errc::corrupt) << key;
  }
  EXPECT_FALSE(parse_binding_key("b/s/p/n"));
  EXPECT_FALSE(parse_registration_key("a/s/p"));
  EXPECT_FALSE(parse_actor_key("a/s/p/" + std::string(limits::key_bytes_max, 'n')));
}

TEST(KeyRange, HoldsExactlyTheKeysOfItsPrefix) {
  const auto range = actor_range("sys");
  EXPECT_EQ(range.from, "a/sys/");
  EXPECT_EQ(range.to, "a/sys0");
  EXPECT_TRUE(range.contains(*actor_key("sys", "", "n")));
  EXPECT_TRUE(range.contains(*actor_key("sys", "p", std::string(3, '\xff'))));
  EXPECT_FALSE(range.contains(*actor_key("sys2", "p", "n")));
  EXPECT_FALSE(range.contains(*actor_key("sy", "p", "n")));
  EXPECT_FALSE(range.contains(*actor_key("sys/", "p", "n")));
  EXPECT_FALSE(range.contains(*binding_key("sys", "n")));
  EXPECT_TRUE(actor_range("sys", "p").contains(*actor_key("sys", "p", "n")));
  EXPECT_FALSE(actor_range("sys", "p").contains(*actor_key("sys", "pp", "n")));
  EXPECT_TRUE(actor_range("sys", "").contains(*actor_key("sys", "", "n")));
  EXPECT_FALSE(actor_range("sys", "").contains(*actor_key("sys", "p", "n")));
  EXPECT_TRUE(actor_range("a/b").contains(*actor_key("a/b", "p", "n")));
}

TEST(KeyRange, OfAFamilyHoldsAllSystems) {
  EXPECT_TRUE(actor_range().contains(*actor_key("\xff\xff", "p", "n")));
  EXPECT_TRUE(registration_range().contains(*registration_key("s", "t")));
  EXPECT_TRUE(registration_range("s").contains(*registration_key("s", "t")));
  EXPECT_TRUE(binding_range().contains(*binding_key("s", "t")));
  EXPECT_TRUE(binding_range("s").contains(*binding_key("s", "t")));
  EXPECT_FALSE(actor_range().contains(*binding_key("s", "n")));
  EXPECT_FALSE(registration_range().contains(*actor_key("s", "p", "n")));
}

TEST(KeyRange, OfAPrefixEndingInTheHighestByteIsStillRight) {
  const auto range = prefix_range("a\xff\xff");
  EXPECT_EQ(range.to, "b");
  EXPECT_TRUE(range.contains("a\xff\xff\xff"));
  EXPECT_FALSE(range.contains("b"));
  const auto unbounded = prefix_range("\xff");
  EXPECT_EQ(unbounded.to, "");
  EXPECT_TRUE(unbounded.contains("\xff\xff"));
  EXPECT_FALSE(unbounded.contains("\xfe"));
}

}  // namespace
}  // namespace spawn
