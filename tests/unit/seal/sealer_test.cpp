// One key: what is sealed opens where it was sealed, and nowhere else.
#include "state/seal/sealer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "unit/seal/corpus.hpp"
#include "unit/seal/sealer_fixture.hpp"

namespace spawn {
namespace {

using test::aad_of;
using test::incarnation;
using testing::HasSubstr;

constexpr std::size_t nonce_at = 25;

seal_options one_key() {
  return {.key_b64 = test::counting_key};
}

TEST(Sealer, OpensWhatItSealed) {
  incarnation kernel(one_key());
  EXPECT_TRUE(kernel.keys->enabled());
  EXPECT_EQ(kernel.keys->active_key_id(), "630dcd2966c43366");
  for (const std::size_t size : {0, 1, 15, 16, 17, 64, 1'000, 1'000'000}) {
    const std::string plain(size, 'x');
    const std::string sealed = kernel.seal("aad", plain);
    EXPECT_EQ(sealed.size(), size + seal_overhead);
    const auto opened = kernel.open("aad", sealed);
    ASSERT_TRUE(opened) << size << ": " << opened.error().text;
    EXPECT_EQ(*opened, plain);
  }
}

TEST(Sealer, SealsPartsAsOneValue) {
  incarnation kernel(one_key());
  const std::string_view parts[] = {"", "one ", "", std::string_view("t\0o ", 4), "three"};
  std::string sealed;
  ASSERT_TRUE(kernel.lane->seal("aad", parts, sealed));
  EXPECT_EQ(*kernel.open("aad", sealed), std::string("one t\0o three", 13));
  ASSERT_TRUE(kernel.lane->seal("aad", {}, sealed));
  EXPECT_EQ(*kernel.open("aad", sealed), "");
}

TEST(Sealer, WorksWithAnEmptyAad) {
  incarnation kernel(one_key());
  const auto sealed = kernel.seal("", "plain");
  EXPECT_EQ(*kernel.open("", sealed), "plain");
  EXPECT_FALSE(kernel.open("x", sealed));
}

TEST(Sealer, HidesThePlainText) {
  incarnation kernel(one_key());
  const std::string plain = "a secret long enough not to appear by chance";
  EXPECT_EQ(kernel.seal("aad", plain).find(plain.substr(0, 8)), std::string::npos);
  EXPECT_NE(kernel.seal("aad", plain), kernel.seal("aad", plain));
}

TEST(Sealer, NoticesAChangeOfAnyBit) {
  incarnation kernel(one_key());
  const std::string sealed = kernel.seal("aad", "some state");
  for (std::size_t i = 1; i < sealed.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = sealed;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      const auto opened = kernel.open("aad", changed);
      ASSERT_FALSE(opened) << "byte " << i;
      // Bytes 1 to 8 name the key: another name is a key we do not have.
      EXPECT_EQ(opened.error().code, i <= 8 ? errc::denied : errc::corrupt) << "byte " << i;
    }
  }
  EXPECT_EQ(*kernel.open("aad", sealed), "some state");
}

TEST(Sealer, NoticesEveryCutAndAddition) {
  incarnation kernel(one_key());
  const std::string sealed = kernel.seal("aad", "some state");
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    const auto opened = kernel.open("aad", std::string_view(sealed).substr(0, size));
    ASSERT_FALSE(opened) << size;
    EXPECT_EQ(opened.error().code, errc::corrupt) << size;
  }
  EXPECT_EQ(kernel.open("aad", sealed + "x").error().code, errc::corrupt);
}

TEST(Sealer, AValueOpensOnlyAtItsOwnPlaceRevisionWriterAndPart) {
  incarnation kernel(one_key());
  const auto sealed = kernel.seal(aad_of("a/sys//joe", 5, 7), "state");
  EXPECT_EQ(*kernel.open(aad_of("a/sys//joe", 5, 7), sealed), "state");
  for (const auto& other :
       {aad_of("a/sys//jim", 5, 7), aad_of("a/sys//joe", 4, 7), aad_of("a/sys//joe", 5, 8),
        aad_of("a/sys//joe", 7, 5), aad_of("a/sys//joe", 5, 7, seal_part::meta),
        aad_of("a/sys//joe", 5, 7, seal_part::row), std::string()}) {
    const auto opened = kernel.open(other, sealed);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::corrupt);
  }
}

TEST(Sealer, AadsOfDifferentPlacesAreNeverTheSameBytes) {
  const std::set<std::string> all{aad_of("k", 1, 2),
                                  aad_of("k", 2, 1),
                                  aad_of(std::string("k\1", 2), 1, 2),
                                  aad_of("k", 0x0100, 0),
                                  aad_of("k", 1, 2, seal_part::meta),
                                  aad_of("", 1, 2)};
  EXPECT_EQ(all.size(), 6u);
  EXPECT_EQ(aad_of("k", 1, 2), std::string("k\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0p", 18));
}

TEST(Sealer, NoNonceComesTwiceOnAnyLane) {
  const auto keys = std::move(*sealer::create(one_key()));
  std::set<std::string> seen;
  constexpr int lanes = 8;
  constexpr int seals = 500;
  for (int i = 0; i < lanes; ++i) {
    const auto lane = std::move(*keys->make_lane());
    std::string sealed;
    for (int n = 0; n < seals; ++n) {
      ASSERT_TRUE(lane->seal("aad", {}, sealed));
      seen.insert(sealed.substr(nonce_at, 12));
    }
  }
  EXPECT_EQ(seen.size(), std::size_t{lanes * seals});
}

TEST(Sealer, AnyLaneOpensWhatAnotherSealed) {
  incarnation kernel(one_key());
  const auto other = std::move(*kernel.keys->make_lane());
  std::string plain;
  ASSERT_TRUE(other->open("aad", kernel.seal("aad", "state"), plain));
  EXPECT_EQ(plain, "state");
}

TEST(Sealer, StopsAtItsLimitOfSeals) {
  incarnation kernel(one_key());
  kernel.lane->set_seals_for_test(lane_seals_max - 1);
  const auto last = kernel.seal("aad", "last");
  EXPECT_EQ(last.substr(nonce_at + 4, 8), std::string("\0\0\xff\xff\xff\xff\xff\xff", 8));
  std::string out = "left over";
  const auto refused = kernel.lane->seal("aad", {}, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::exhausted);
  EXPECT_EQ(out, "");
  EXPECT_EQ(*kernel.open("aad", last), "last");
}

TEST(Sealer, RefusesAValueTheCipherCannotTake) {
  incarnation kernel(one_key());
  const std::string part(1 << 20, 'x');
  std::vector<std::string_view> parts(sealed_bytes_max / part.size(), part);
  parts.emplace_back("x");
  std::string out;
  const auto refused = kernel.lane->seal("aad", parts, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::too_large);
}

TEST(Sealer, OpensItsCorpusForEver) {
  incarnation kernel(one_key());
  const auto corpus = test::read_corpus("envelope_v1.hex");
  ASSERT_EQ(corpus.size(), 4u);
  const auto aad = aad_of("a/sys//joe", 5, 0x1122334455667788);
  for (const auto& [name, bytes] : corpus) {
    const auto opened = kernel.open(aad, bytes);
    ASSERT_TRUE(opened) << name << ": " << opened.error().text;
    EXPECT_EQ(*opened, name.find("empty") == std::string::npos ? "hello, record" : "") << name;
  }
}

TEST(Sealer, AnEnvelopeOfANewerKernelIsNotSupported) {
  incarnation kernel(one_key());
  for (const char first : {'\x02', '\xff'}) {
    const auto opened = kernel.open("aad", std::string(100, first));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::unsupported);
  }
  EXPECT_THAT(kernel.open("aad", "\xff").error().text, HasSubstr("envelope 255"));
}

}  // namespace
}  // namespace spawn
