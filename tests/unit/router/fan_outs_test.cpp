// A broadcast on its way to its durable subscribers, over a store in a map.
#include "router/fan_outs.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cell/outbound.hpp"
#include "model/channel_name.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_keys.hpp"
#include "state/seal/sealer.hpp"
#include "unit/router/hand_lane.hpp"
#include "unit/router/row_store.hpp"

namespace spawn {
namespace {

struct no_host final : host_link {
  void send(host_call&) override { FAIL() << "nobody calls a host here"; }
};

// Keeps what was routed; knows nobody.
struct kept final : outbound {
  std::vector<invocation_ptr> routed;
  void route(invocation_ptr message) override { routed.push_back(std::move(message)); }
  void broadcast(broadcast_order) override {}
  bool heard = true;
  bool is_heard_durably(std::string_view, std::string_view) const override { return heard; }
  void stored_for_later(const message_row&) override {}
  void drop_row(std::uint32_t, std::string) override {}
  bool is_address_of(actor_view, actor_view) override { return false; }
  reply_ref park(reply_slot&, std::uint64_t) override { return {}; }
  bool is_parked(reply_ref) const override { return false; }
  reply_slot* unpark(reply_ref) override { return nullptr; }
  void answer(reply_ref, outcome) override {}
  reply_slot* slot_for(reply_ref) override { return nullptr; }
  void restored(actor_view) override {}
};

class fan_outs_test : public ::testing::Test {
 protected:
  fan_outs_test() { services.out = &out; }

  manual_clock time;
  test::hand_lane home{time};
  test::row_store store;
  journal log{home, store};
  std::unique_ptr<sealer> keys = std::move(*sealer::create({}));
  std::unique_ptr<lane_sealer> seal = std::move(*keys->make_lane());
  record_codec records{*seal};
  row_codec rows{*seal};
  writer_ids writers{1, 0};
  row_keeper keeper{home, {&log}, rows, writers, {}};
  no_host host;
  byte_budget budget{1'000'000'000};
  workflow_engine workflows{home, {}, budget};
  flow_runner flows{home, budget};
  lane_stats stats;
  cell_services services{home,   host,  workflows, flows,  records, writers,
                         {&log}, stats, rows,      keeper, budget,  nullptr};
  kept out;
  store_desk desk;
  const std::string news = channel_name("news");

  // What the lanes know, and what they do when they are asked.
  int ears = 3;
  bool complete = true;
  bool silent = false;
  std::vector<std::string> asked_after;
  std::vector<fan_outs::heard_fn> unanswered;

  static std::string place(int number) { return "s/ear" + std::to_string(100 + number) + "//on"; }
  std::unique_ptr<fan_outs> made = make();
  std::unique_ptr<fan_outs> make() {
    cell_options options;
    options.fan_out_rows = 2;
    options.rows = {.attempts_max = 3, .backoff_first_ms = 10, .backoff_max_ms = 20};
    return std::make_unique<fan_outs>(
        services, options, desk, [this](fan_outs::question what, fan_outs::heard_fn done) {
          asked_after.push_back(what.place);
          if (silent) {
            unanswered.push_back(std::move(done));
            return;
          }
          std::vector<listener> heard;
          for (int i = 0; i < ears && heard.size() < what.most; ++i) {
            const std::string name = "ear" + std::to_string(100 + i);
            if (place(i) > what.place) {
              heard.push_back({place(i), actor_id(actor_view{"s", "", name}), "on"});
            }
          }
          done(complete, std::move(heard));
        });
  }

  // As a sender's group would leave it.
  std::string put(std::uint64_t seq, const char* sender = "s/speaker/") {
    auto message = make_kernel_call({"s", {}, news}, {}, {presence::value, "x"}, nullptr);
    message_row& row = *message->row;
    row.kind = row_kind::fan_out;
    row.sender = sender;
    row.birth = 1;
    row.seq = seq;
    row.revision = 1;
    row.writer = 77;
    row.created_ms = 1;
    row.key = pending_key(message->target, row);
    sealed_record sealed;
    EXPECT_TRUE(rows.seal(*message, sealed));
    store.records[row.key] = {1, 77, sealed.payload, sealed.meta};
    return row.key;
  }
  void wake() { made->wake({"s", {}, news}, 0, nullptr); }
  void run(std::uint64_t ms = 5) { home.pass_ms(ms); }
  [[nodiscard]] std::vector<std::string> pending() const { return store.keys("m/"); }
  [[nodiscard]] std::multiset<std::string> told() const {
    std::multiset<std::string> names;
    for (const auto& each : out.routed) {
      names.emplace(each->target.name);
    }
    return names;
  }
};

using names = std::multiset<std::string>;

TEST_F(fan_outs_test, brings_a_broadcast_to_everybody_page_by_page) {
  const std::string key = put(1);
  wake();
  run();
  EXPECT_EQ(told(), (names{"ear100", "ear101", "ear102"}));
  EXPECT_FALSE(store.records.contains(key));
  EXPECT_EQ(pending().size(), 3);  // theirs
  EXPECT_EQ(asked_after, (std::vector<std::string>{"", place(1)}));
  EXPECT_EQ(store.groups, 2);
  EXPECT_EQ(stats.fan_out_pages.get(), 2);
  EXPECT_EQ(stats.fan_out_rows.get(), 3);
}

TEST_F(fan_outs_test, goes_on_where_another_life_was_cut_off) {
  const std::string key = put(1);
  wake();
  while (store.groups == 0) {
    home.run_turn();
  }
  made->stop();
  run();
  ASSERT_TRUE(store.records.contains(key));
  EXPECT_EQ(store.records.at(key).revision, 2);
  made = make();
  out.routed.clear();
  asked_after.clear();
  wake();
  run();
  EXPECT_EQ(asked_after, (std::vector<std::string>{place(1)}));
  EXPECT_EQ(told(), (names{"ear102"}));
  EXPECT_EQ(pending().size(), 3);
}

TEST_F(fan_outs_test, works_once_on_what_it_is_told_of_twice) {
  put(1);
  wake();
  wake();
  run();
  wake();
  run();
  EXPECT_EQ(told().size(), 3);
}

TEST_F(fan_outs_test, keeps_the_order_of_a_sender) {
  put(2);
  put(1);
  wake();
  run();
  std::vector<std::uint64_t> seqs;
  for (const auto& each : out.routed) {
    if (each->target.name == "ear100") {
      seqs.push_back(each->row->seq);
    }
  }
  EXPECT_EQ(seqs, (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(fan_outs_test, deletes_what_nobody_hears) {
  ears = 0;
  put(1);
  wake();
  run();
  EXPECT_TRUE(store.records.empty());
}

TEST_F(fan_outs_test, loses_nothing_where_the_types_that_listen_are_not_known) {
  out.heard = false;
  put(1);
  put(2);
  wake();
  run(5);
  out.heard = true;  // registered meanwhile
  run(2'000);
  EXPECT_EQ(told().size(), 6);
  out.heard = false;
  put(3);
  wake();
  run(2'000);
  EXPECT_EQ(told().size(), 6);
  EXPECT_EQ(store.keys("d/").size(), 1);
}

TEST_F(fan_outs_test, waits_for_lanes_that_do_not_know_yet) {
  complete = false;
  put(1);
  wake();
  run(100);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(store.groups, 0);
  complete = true;
  run(600);
  EXPECT_EQ(told().size(), 3);
}

TEST_F(fan_outs_test, asks_again_when_no_answer_comes_and_ignores_a_late_one) {
  silent = true;
  put(1);
  wake();
  run(100);
  ASSERT_EQ(unanswered.size(), 1);
  run(5'000);
  silent = false;
  unanswered[0](true, {});  // nobody, it says: that would end the broadcast
  run(1'000);
  EXPECT_EQ(told().size(), 3);
}

TEST_F(fan_outs_test, gives_up_what_the_store_refuses_for_good) {
  const std::string bad = put(1);
  const std::string behind = put(2);
  const std::string other = put(1, "s/other/");
  store.writes_end = SPAWN_E_INVALID;
  wake();
  run(5);
  EXPECT_EQ(store.records.at(bad).revision, 2);     // an attempt, on record
  EXPECT_EQ(store.records.at(behind).revision, 1);  // waits behind it
  EXPECT_EQ(store.records.at(other).revision, 2);   // does not
  store.writes_end = SPAWN_OK;
  run(2'000);
  EXPECT_EQ(told().size(), 9);
  EXPECT_TRUE(store.keys("d/").empty());
}

TEST_F(fan_outs_test, leaves_a_dead_letter_after_the_last_attempt) {
  // A page cannot be written, since what is to be its row is there already.
  const std::string bad = put(1);
  wake();
  run();
  const auto theirs = pending();
  out.routed.clear();
  ASSERT_EQ(put(1), bad);
  wake();
  run(3'000);
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(pending(), theirs);
  EXPECT_EQ(store.keys("d/").size(), 1);
  EXPECT_EQ(stats.rows_dead.get(), 1);
}

TEST_F(fan_outs_test, goes_on_behind_what_another_kernel_has_done) {
  const std::string key = put(1);
  silent = true;
  wake();
  run();
  ASSERT_EQ(unanswered.size(), 1);
  // Meanwhile it is on its last page, by somebody else.
  auto theirs = rows.open(key, [&] {
    spawn_ss_record view{};
    const auto& at = store.records.at(key);
    view.revision = at.revision;
    view.writer = at.writer;
    view.payload = {at.payload.data(), at.payload.size(), nullptr, nullptr};
    view.meta = {at.meta.data(), at.meta.size(), nullptr, nullptr};
    return view;
  }());
  ASSERT_TRUE(theirs);
  (*theirs)->row->cursor = place(1);
  (*theirs)->row->revision = 2;
  (*theirs)->row->writer = 88;
  sealed_record sealed;
  ASSERT_TRUE(rows.seal(**theirs, sealed));
  store.records[key] = {2, 88, sealed.payload, sealed.meta};
  silent = false;
  unanswered[0](true, {{place(0), actor_id(actor_view{"s", "", "ear100"}), "on"}});
  run(2'000);
  EXPECT_EQ(told(), (names{"ear102"}));
}

TEST_F(fan_outs_test, leaves_further_channels_to_the_next_scan) {
  silent = true;
  const auto channel = [](std::uint32_t number) { return channel_name(std::to_string(number)); };
  for (std::uint32_t i = 0; i <= limits::fan_outs_max; ++i) {
    auto message = make_kernel_call({"s", {}, channel(i)}, {}, {presence::value, "x"}, nullptr);
    message_row& row = *message->row;
    row.kind = row_kind::fan_out;
    row.sender = "s/speaker/";
    row.birth = 1;
    row.seq = i + 1;
    row.revision = 1;
    row.writer = 77;
    row.key = pending_key(message->target, row);
    sealed_record sealed;
    ASSERT_TRUE(rows.seal(*message, sealed));
    store.records[row.key] = {1, 77, sealed.payload, sealed.meta};
    made->wake({"s", {}, channel(i)}, 0, nullptr);
  }
  run();
  EXPECT_EQ(unanswered.size(), limits::fan_outs_max);
}

TEST_F(fan_outs_test, gives_back_all_memory_when_it_stops) {
  silent = true;
  put(1);
  wake();
  run();
  EXPECT_GT(budget.used(), 0);
  made->stop();
  EXPECT_EQ(budget.used(), 0);
}

}  // namespace
}  // namespace spawn
