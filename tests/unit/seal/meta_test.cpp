#include "state/seal/meta.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.hpp"
#include "state/seal/byte_io.hpp"
#include "unit/seal/corpus.hpp"

namespace spawn {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t birth = make_birth(1'700'000'000'123, 0xbeef);

record_meta example() {
  record_meta meta;
  meta.birth = birth;
  meta.next_seq = 0x0102030405060708;
  meta.flags = meta_deleted | meta_restored_from;
  meta.tags = {{"", ""}, {"region", "eu"}, {"tier", std::string(200, 'g')}};
  meta.definition_hash = 0xfedcba9876543210;
  return meta;
}

std::string encoded(const record_meta& meta) {
  std::string out = "left over";
  encode_meta(meta, out);
  return out;
}

// A whole meta: format 1, the required fields, then `rest`.
std::string with(std::string_view rest) {
  std::string out = encoded({.birth = birth});
  out += rest;
  return out;
}

TEST(Meta, ComesBack) {
  const auto meta = decode_meta(encoded(example()));
  ASSERT_TRUE(meta) << meta.error().text;
  EXPECT_EQ(*meta, example());
  EXPECT_TRUE(meta->deleted());
}

armed_reminder a_reminder() {
  armed_reminder out;
  out.name = "nightly";
  out.action = "close_day";
  out.cron = "0 3 * * *";
  out.zone = "Europe/Paris";
  out.missed = 2;
  out.declared = "what the configuration says";
  out.due_ms = 1'700'000'000'000;
  out.birth = 7;
  out.seq = 8;
  out.row_due_ms = 1'700'000'000'001;
  return out;
}

TEST(Meta, RemindersComeBack) {
  record_meta meta{.birth = birth};
  meta.reminders = {a_reminder(), a_reminder()};
  meta.reminders[1].name = "beat";
  meta.reminders[1].cron.clear();
  meta.reminders[1].zone.clear();
  meta.reminders[1].every_ms = 900'000;
  meta.reminders[1].declared.clear();
  meta.reminders[1].unknown = std::string("\xf0\x02hi", 4);
  const auto read = decode_meta(encoded(meta));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(*read, meta);
}

TEST(Meta, RefusesRemindersThatAreCutOff) {
  record_meta meta{.birth = birth};
  meta.reminders = {a_reminder()};
  std::string bytes;
  encode_reminders(meta.reminders, bytes);
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    const auto read = decode_reminders(std::string_view(bytes).substr(0, cut));
    EXPECT_FALSE(read) << cut;
  }
  EXPECT_FALSE(decode_reminders(std::string_view("\x01\x01", 2)));
}

TEST(Meta, BeginsWithSequenceOneSinceZeroMeansNotKnown) {
  EXPECT_EQ(record_meta{}.next_seq, 1u);
}

TEST(Meta, BirthIsMillisecondsAndSixteenRandomBits) {
  EXPECT_EQ(make_birth(1, 0xabcdef), (1ULL << 16) | 0xcdef);
}

TEST(Meta, DecodesItsCorpusForEver) {
  const auto corpus = test::read_corpus("meta_v1.hex");
  ASSERT_EQ(corpus.size(), 4u);
  const auto minimal = decode_meta(corpus.at("minimal"));
  ASSERT_TRUE(minimal) << minimal.error().text;
  EXPECT_EQ(*minimal, record_meta{.birth = birth});

  const auto full = decode_meta(corpus.at("full"));
  ASSERT_TRUE(full) << full.error().text;
  EXPECT_EQ(*full, example());

  const auto newer = decode_meta(corpus.at("fields_of_a_newer_kernel"));
  ASSERT_TRUE(newer) << newer.error().text;
  EXPECT_EQ(newer->next_seq, 42u);
  EXPECT_EQ(newer->flags, 0x80000001u);
  EXPECT_FALSE(newer->unknown.empty());

  const auto tails = decode_meta(corpus.at("tails"));
  ASSERT_TRUE(tails) << tails.error().text;
  EXPECT_EQ(tails->tails, (decltype(tails->tails){{0x1122334455667788, 41}, {2, 42}}));

  for (const auto& [name, bytes] : corpus) {
    EXPECT_EQ(encoded(*decode_meta(bytes)), bytes) << name;
  }
}

TEST(Meta, KeepsFieldsItDoesNotKnowWhenItsOwnChange) {
  const std::string_view unknown("\x06\x03xyz\xfa\x00\x06\x01z", 10);
  auto meta = decode_meta(with(unknown));
  ASSERT_TRUE(meta) << meta.error().text;
  EXPECT_EQ(meta->unknown, unknown);
  meta->next_seq = 99;
  meta->tags["new"] = "tag";
  const auto again = decode_meta(encoded(*meta));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->unknown, unknown);
  EXPECT_EQ(again->next_seq, 99u);
}

TEST(Meta, KeepsUnknownFieldsThatStandBeforeKnownOnes) {
  std::string bytes = encoded({.birth = birth});
  bytes.insert(1, std::string_view("\x0a\x02hi", 4));
  const auto meta = decode_meta(bytes);
  ASSERT_TRUE(meta) << meta.error().text;
  EXPECT_EQ(meta->birth, birth);
  EXPECT_EQ(meta->unknown, std::string_view("\x0a\x02hi", 4));
}

TEST(Meta, RefusesANewerFormat) {
  std::string bytes = encoded(example());
  bytes[0] = 2;
  const auto meta = decode_meta(bytes);
  ASSERT_FALSE(meta);
  EXPECT_EQ(meta.error().code, errc::unsupported);
  EXPECT_THAT(meta.error().text, HasSubstr("format 2 was written by a newer kernel"));
}

TEST(Meta, RefusesEveryCutOfItself) {
  // Shortened where a field ends it is a meta of fewer fields; anywhere else it is corrupt.
  const std::string bytes = encoded(example());
  int valid = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto meta = decode_meta(std::string_view(bytes).substr(0, size));
    if (meta) {
      ++valid;
    } else {
      EXPECT_EQ(meta.error().code, errc::corrupt) << size;
    }
  }
  EXPECT_EQ(valid, 3);  // after next_seq, flags, tags
}

TEST(Meta, SaysWhatIsWrong) {
  const auto why = [](std::string_view bytes) {
    const auto meta = decode_meta(bytes);
    EXPECT_FALSE(meta);
    if (meta) {
      return std::string("decoded");
    }
    EXPECT_EQ(meta.error().code, errc::corrupt);
    return meta.error().text;
  };
  EXPECT_THAT(why(""), HasSubstr("is empty"));
  EXPECT_THAT(why(std::string_view("\0", 1)), HasSubstr("format 0"));
  EXPECT_THAT(why("\x01"), HasSubstr("birth is missing"));
  EXPECT_THAT(why(std::string_view("\x01\x01\x08\0\0\0\0\0\0\0\0", 11)),
              HasSubstr("next_seq is missing"));
  EXPECT_THAT(why(with("\x03\x02xx")), HasSubstr("flags has 2 bytes instead of 4"));
  EXPECT_THAT(why(with("\x03\x04xxxx\x03\x04xxxx")), HasSubstr("flags is there twice"));
  EXPECT_THAT(why(with("\x04\x03\x01k\x05")), HasSubstr("tags end inside an entry"));
  EXPECT_THAT(why(with("\x04\x02\x01k")), HasSubstr("tags end inside an entry"));
  EXPECT_THAT(why(with("\x04\x08\x01k\x01v\x01k\x01w")), HasSubstr("tags hold 'k' twice"));
  EXPECT_THAT(why(with("\x09\x7fshort")), HasSubstr("ends inside field 9"));
  EXPECT_THAT(why(with("\x09\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")),
              HasSubstr("ends inside field 9"));
  EXPECT_THAT(why(with(std::string_view("\x09\x80\x00", 3))), HasSubstr("ends inside field 9"));
}

TEST(Meta, SurvivesNoise) {
  random chance(7);
  const std::string good = encoded(example());
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (auto hits = 1 + chance.below(4); hits > 0; --hits) {
      bytes[chance.below(bytes.size())] = static_cast<char>(chance.next());
    }
    const auto meta = decode_meta(bytes);
    if (meta) {
      const auto again = decode_meta(encoded(*meta));
      ASSERT_TRUE(again);
      EXPECT_EQ(*again, *meta);
    }
  }
}

TEST(ByteReader, ReadsVarintsInShortestFormOnly) {
  for (const std::uint64_t value : {0ULL, 1ULL, 127ULL, 128ULL, 16'383ULL, 16'384ULL, ~0ULL}) {
    std::string bytes;
    append_varint(bytes, value);
    byte_reader in(bytes);
    EXPECT_EQ(in.varint(), value);
    EXPECT_TRUE(in.at_end());
  }
  EXPECT_FALSE(byte_reader(std::string_view("\x80\x00", 2)).varint());
  EXPECT_FALSE(byte_reader("\x80").varint());
  EXPECT_FALSE(byte_reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").varint());
  EXPECT_FALSE(byte_reader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").varint());
}

}  // namespace
}  // namespace spawn
