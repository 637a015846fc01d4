#include "state/rows/row_keys.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "model/channel_name.hpp"

namespace spawn {
namespace {

const actor_view bob{"bank", "Account", "bob"};

message_row from_ann(std::uint64_t seq) {
  message_row row;
  row.sender = row_actor({"bank", "", "ann"});
  row.birth = 0x018b'cfe5'68d6'0042;
  row.seq = seq;
  return row;
}

// Written once; stores hold these for years.
TEST(RowKeys, StayAsTheyAre) {
  message_row row = from_ann(17);
  EXPECT_EQ(row_partition("bank", "bob"), 0x1d9u) << std::hex << row_partition("bank", "bob");
  EXPECT_EQ(pending_key(bob, row), "m/1d9/bank/bob/bank/ann//018bcfe568d60042/0000000000000011");
  EXPECT_EQ(dead_key(bob, row), "d/bank/Account/bob/bank/ann//018bcfe568d60042/0000000000000011");
  EXPECT_EQ(guard_key(bob, row), "g/1d9/bank/ann//018bcfe568d60042/0000000000000011");
  row.of_failure = true;
  EXPECT_EQ(row_id(row), "bank/ann//018bcfe568d60042/0000000000000011f");
  row.of_failure = false;
  row.due_ms = 1'700'000'000'123;
  EXPECT_EQ(pending_key(bob, row),
            "t/1d9/1700000000123/bank/ann//018bcfe568d60042/0000000000000011");
}

TEST(RowKeys, AChannelIsNobodysName) {
  const std::string news = channel_name("the/news");
  const actor_view channel{"bank", {}, news};
  const std::string key = pending_key(channel, from_ann(17));
  EXPECT_EQ(key.substr(6), "bank/%cthe%2Fnews/bank/ann//018bcfe568d60042/0000000000000011");
  EXPECT_TRUE(inbox_range("bank", news).contains(key));
  EXPECT_FALSE(inbox_range("bank", "%cthe/news").contains(key));
  EXPECT_EQ(dead_key(channel, from_ann(17)).substr(0, 20), "d/bank//%cthe%2Fnews");
  const auto read = parse_row_key(key);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->sender, "bank/ann/");
  EXPECT_EQ(read->seq, 17);
}

TEST(RowKeys, ARowOfABroadcastHasTheKeyOfAnyRow) {
  message_row row = from_ann(17);
  row.sender = channel_sender(row, "news", "bank/bob/Account/hear");
  EXPECT_TRUE(row.sender.starts_with("bank/ann//%"));
  EXPECT_NE(row.sender, channel_sender(from_ann(17), "news", "bank/bob/Account/act"));
  EXPECT_NE(row.sender, channel_sender(from_ann(17), "new", "sbank/bob/Account/hear"));
  for (const std::string& key : {pending_key(bob, row), dead_key(bob, row)}) {
    const auto read = parse_row_key(key);
    ASSERT_TRUE(read) << key;
    EXPECT_EQ(read->sender, row.sender);
    EXPECT_EQ(read->seq, 17);
  }
}

TEST(RowKeys, TheLongestNamesOfABroadcastFit) {
  const std::string name(limits::name_bytes_max, '/');
  message_row row = from_ann(17);
  row.sender = row_actor({name, name, name});
  row.sender = channel_sender(row, name, row_actor({name, name, name}) + '/' + name);
  EXPECT_LE(pending_key({name, name, name}, row).size(), limits::key_bytes_max);
  EXPECT_LE(dead_key({name, name, name}, row).size(), limits::key_bytes_max);
}

TEST(RowKeys, OrderIsTheOrderOfSending) {
  EXPECT_LT(pending_key(bob, from_ann(9)), pending_key(bob, from_ann(10)));
  EXPECT_LT(pending_key(bob, from_ann(0xff)), pending_key(bob, from_ann(0x100)));
  message_row early = from_ann(50);
  early.due_ms = 999;
  message_row late = from_ann(1);
  late.due_ms = 1'000;
  EXPECT_LT(pending_key(bob, early), pending_key(bob, late));
}

TEST(RowKeys, SayWhatTheyAreMadeOf) {
  message_row row = from_ann(0xabc);
  for (const std::string& key : {pending_key(bob, row), dead_key(bob, row)}) {
    const auto read = parse_row_key(key);
    ASSERT_TRUE(read) << read.error().text;
    EXPECT_EQ(read->sender, row.sender);
    EXPECT_EQ(read->birth, row.birth);
    EXPECT_EQ(read->seq, row.seq);
    EXPECT_EQ(read->due_ms, 0);
    EXPECT_FALSE(read->of_failure);
  }
  row.due_ms = 1'700'000'000'123;
  row.of_failure = true;
  row.sender = row_from_outside;
  const auto read = parse_row_key(pending_key(bob, row));
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->sender, row_from_outside);
  EXPECT_EQ(read->due_ms, row.due_ms);
  EXPECT_TRUE(read->of_failure);
  EXPECT_EQ(partition_of(pending_key(bob, row)), row_partition("bank", "bob"));
}

TEST(RowKeys, RefuseWhatIsNone) {
  for (const char* key : {"", "m", "m/", "a/bank/Account/bob", "m/1d9/bank/bob",
                          "m/1d9/bank/bob/bank/ann//018bcfe568d60042/11",
                          "m/1d9/bank/bob/Account/bank/ann//018bcfe568d6004g/0000000000000011",
                          "t/1d9/17x/bank/ann//018bcfe568d60042/0000000000000011",
                          "g/1d9/bank/ann//018bcfe568d60042/0000000000000011"}) {
    const auto read = parse_row_key(key);
    ASSERT_FALSE(read) << key;
    EXPECT_EQ(read.error().code, errc::corrupt);
  }
}

TEST(RowKeys, FitWhateverTheNames) {
  const std::string longest(limits::name_bytes_max, '/');  // three bytes each, encoded
  message_row row = from_ann(1);
  row.sender = row_actor({longest, longest, longest});
  const actor_view to{longest, longest, longest};
  const std::string key = pending_key(to, row);
  EXPECT_LE(key.size(), limits::key_bytes_max);
  EXPECT_TRUE(parse_row_key(key));
  std::string other = longest;
  other.back() = 'x';
  EXPECT_NE(row_actor({longest, longest, other}), row_actor({longest, longest, longest}));
}

TEST(RowKeys, AnInboxHoldsEveryAddressOfANameAndNoOther) {
  const key_range inbox = inbox_range("bank", "bob");
  EXPECT_TRUE(inbox.contains(pending_key(bob, from_ann(1))));
  EXPECT_EQ(pending_key({"bank", "", "bob"}, from_ann(1)), pending_key(bob, from_ann(1)));
  EXPECT_FALSE(inbox.contains(pending_key({"bank", "", "bobby"}, from_ann(1))));
  EXPECT_FALSE(inbox.contains(pending_key({"bank", "bob", "x"}, from_ann(1))));
  EXPECT_TRUE(message_range().contains(pending_key(bob, from_ann(1))));
}

TEST(RowKeys, ARangeOfDueRowsEndsWithTheMillisecond) {
  message_row row = from_ann(1);
  row.due_ms = 1'000;
  const std::uint32_t at = row_partition("bank", "bob");
  EXPECT_TRUE(timed_range(at, 1'000).contains(pending_key(bob, row)));
  EXPECT_FALSE(timed_range(at, 999).contains(pending_key(bob, row)));
  row.due_ms = 99'999'999'999'999;  // beyond what a key can say
  EXPECT_TRUE(timed_range(at, INT64_MAX).contains(pending_key(bob, row)));
  EXPECT_LT(pending_key(bob, row), timed_range(at, INT64_MAX).to);
}

}  // namespace
}  // namespace spawn
