// Tombstones of actors that messages wait for outlive the day that a store keeps them for.
#include "router/tombstone_care.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.hpp"
#include "router/row_scan.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_keys.hpp"
#include "state/seal/sealer.hpp"
#include "unit/router/hand_lane.hpp"
#include "unit/router/row_store.hpp"

namespace spawn {
namespace {

constexpr actor_view bob{"s", "Account", "bob"};

class tombstone_care_test : public ::testing::Test {
 protected:
  manual_clock time;
  test::hand_lane home{time};
  test::row_store store;
  journal log{home, store};
  std::unique_ptr<sealer> keys = std::move(*sealer::create({}));
  std::unique_ptr<lane_sealer> seal = std::move(*keys->make_lane());
  record_codec records{*seal};
  row_codec rows{*seal};
  writer_ids writers{1, 0};
  store_desk desk;
  tombstone_care care{home, {&log}, desk, records, writers};
  const std::string key = *actor_key(bob.system, bob.parent, bob.name);
  static constexpr auto renew_ms = static_cast<std::int64_t>(limits::tombstone_renew_ms);

  void put(std::int64_t age_ms, bool tombstone = true, bool has_meta = true) {
    record_meta meta;
    meta.birth = 7;
    meta.next_seq = 41;
    meta.flags = meta_deleted;
    sealed_record sealed;
    if (has_meta) {
      EXPECT_TRUE(records.seal(key, 5, 77, meta, false, {}, {}, sealed));
    }
    store.records[key] = {5, 77, {}, sealed.meta, tombstone, home.unix_ms() - age_ms};
  }
  void look() {
    care.look(bob, 0);
    home.pass_ms(5);
  }
};

TEST_F(tombstone_care_test, writes_an_old_one_anew_with_all_that_it_says) {
  put(renew_ms);
  look();
  const auto& now = store.records.at(key);
  EXPECT_EQ(now.revision, 6u);
  EXPECT_NE(now.writer, 77u);
  EXPECT_TRUE(now.tombstone);
  spawn_ss_record raw{};
  raw.revision = now.revision;
  raw.writer = now.writer;
  raw.meta = {now.meta.data(), now.meta.size(), nullptr, nullptr};
  const auto read = records.open(key, raw);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ(read->meta.birth, 7u);
  EXPECT_EQ(read->meta.next_seq, 41u);
  EXPECT_TRUE(read->meta.deleted());
}

TEST_F(tombstone_care_test, leaves_what_is_young_or_lives_or_is_not_there) {
  put(renew_ms - 1'000);
  look();
  EXPECT_EQ(store.records.at(key).revision, 5u);
  home.pass_ms(3'600'000, 60'000);
  put(renew_ms, false);
  look();
  EXPECT_EQ(store.records.at(key).revision, 5u);
  home.pass_ms(3'600'000, 60'000);
  store.records.clear();
  look();
  EXPECT_TRUE(store.records.empty());
}

TEST_F(tombstone_care_test, looks_once_an_hour) {
  put(0);
  look();
  put(renew_ms);
  look();
  EXPECT_EQ(store.records.at(key).revision, 5u);
  home.pass_ms(3'600'000, 60'000);
  look();
  EXPECT_EQ(store.records.at(key).revision, 6u);
}

TEST_F(tombstone_care_test, an_erased_actor_has_nothing_to_say) {
  put(renew_ms, true, false);
  look();
  EXPECT_EQ(store.records.at(key).revision, 6u);
  EXPECT_TRUE(store.records.at(key).meta.empty());
}

TEST_F(tombstone_care_test, the_scan_tells_of_rows_that_have_waited_long) {
  std::vector<std::string> told;
  row_scan scan(
      home, {&log}, rows, {}, [](const actor_id&, std::uint32_t, const std::shared_ptr<void>&) {},
      [&](const actor_id& address, std::uint32_t) { told.push_back(address.name); }, [] {});
  for (const bool is_old : {true, false}) {
    auto message =
        make_kernel_call(is_old ? bob : actor_view{"s", "Account", "eve"}, "act", {}, nullptr);
    message_row& row = *message->row;
    row.kind = row_kind::effect;
    row.sender = "s/ann/";
    row.birth = 1;
    row.seq = is_old ? 1 : 2;
    row.revision = 1;
    row.writer = 77;
    row.blocked = is_old;
    row.created_ms = home.unix_ms() - (is_old ? renew_ms : 1'000);
    row.key = pending_key(message->target, row);
    sealed_record sealed;
    ASSERT_TRUE(rows.seal(*message, sealed));
    store.records[row.key] = {1, 77, sealed.payload, sealed.meta};
  }
  scan.start();
  home.pass_ms(5);
  EXPECT_EQ(told, (std::vector<std::string>{"bob"}));
  scan.stop();
  home.pass_ms(5);
}

}  // namespace
}  // namespace spawn
