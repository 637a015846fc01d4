// Which subscribers get rows of a broadcast in one page, and what these are called.
#include "router/fan_out_page.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "model/channel_name.hpp"
#include "router/channels.hpp"
#include "state/rows/kernel_message.hpp"
#include "state/rows/row_codec.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

struct broadcast {
  std::string name = channel_name("news");
  std::string text = "what is new";
  actor_view caller{"s", "", "speaker"};

  [[nodiscard]] invocation_ptr made(std::string_view action = {}, std::uint64_t seq = 7) const {
    auto out = make_kernel_call({"s", {}, name}, action, {presence::value, text}, &caller);
    message_row& row = *out->row;
    row.kind = row_kind::fan_out;
    row.store = 1;
    row.revision = 1;
    row.sender = row_actor(caller);
    row.birth = 5;
    row.seq = seq;
    row.prev = 3;
    row.key = pending_key(out->target, row);
    return out;
  }
};

listener ear(int number, std::string action = "hear") {
  const std::string name = "ear" + std::to_string(1'000 + number);
  return {row_actor({"s", "p", name}) + '/' + action, actor_id(actor_view{"s", "p", name}), action};
}

std::vector<listener> ears(int many) {
  std::vector<listener> out;
  for (int i = many; i > 0; --i) {
    out.push_back(ear(i));
  }
  return out;
}

// As the lanes would answer.
std::vector<listener> after(const std::vector<listener>& all, const std::string& place) {
  std::vector<listener> out;
  for (const auto& each : all) {
    if (each.place > place) {
      out.push_back(each);
    }
  }
  return out;
}

TEST(fan_out_page, has_everybody_once_over_all_pages) {
  auto row = broadcast().made();
  const auto all = ears(600);
  std::set<std::string> told;
  std::vector<std::size_t> sizes;
  for (bool is_last = false; !is_last;) {
    auto page = make_fan_out_page(*row, after(all, row->row->cursor), 0);
    for (const auto& each : page.rows) {
      EXPECT_TRUE(told.insert(std::string(each->target.name)).second) << each->target.name;
    }
    sizes.push_back(page.rows.size());
    row->row->cursor = page.cursor;
    is_last = page.is_last;
  }
  EXPECT_EQ(told.size(), 600);
  EXPECT_EQ(sizes, (std::vector<std::size_t>{256, 256, 88}));
}

TEST(fan_out_page, is_the_last_exactly_when_nobody_is_left) {
  const auto row = broadcast().made();
  EXPECT_TRUE(make_fan_out_page(*row, ears(limits::fan_out_rows_max), 0).is_last);
  EXPECT_FALSE(make_fan_out_page(*row, ears(limits::fan_out_rows_max + 1), 0).is_last);
  const auto nobody = make_fan_out_page(*row, {}, 0);
  EXPECT_TRUE(nobody.is_last);
  EXPECT_TRUE(nobody.rows.empty());
}

TEST(fan_out_page, is_cut_by_bytes_and_never_empty) {
  broadcast large;
  large.text.assign(limits::fan_out_bytes_max / 4, 'x');
  EXPECT_EQ(make_fan_out_page(*large.made(), ears(10), 0).rows.size(), 3);
  large.text.assign(2 * limits::fan_out_bytes_max, 'x');
  const auto one = make_fan_out_page(*large.made(), ears(10), 0);
  EXPECT_EQ(one.rows.size(), 1);
  EXPECT_FALSE(one.is_last);
}

TEST(fan_out_page, has_rows_that_say_what_was_sent) {
  const auto page = make_fan_out_page(*broadcast().made(), {ear(1)}, 42);
  const invocation& told = *page.rows.front();
  EXPECT_EQ(told.action, "hear");
  EXPECT_EQ(told.argument.any, "what is new");
  EXPECT_EQ(told.caller, (actor_view{"s", "", "speaker"}));
  EXPECT_EQ(told.target, (actor_view{"s", "p", "ear1001"}));
  EXPECT_EQ(told.row->kind, row_kind::broadcast);
  EXPECT_EQ(told.row->store, 1);
  EXPECT_EQ(told.row->prev, 3);
  EXPECT_EQ(told.row->created_ms, 42);
  EXPECT_TRUE(told.row->is_ordered());
  const auto named = make_fan_out_page(*broadcast().made("act"), {ear(1)}, 42);
  EXPECT_EQ(named.rows.front()->action, "act");
}

TEST(fan_out_page, names_a_row_the_same_whenever_it_is_made) {
  const auto again = [](std::uint64_t seq) {
    return row_id(*make_fan_out_page(*broadcast().made({}, seq), {ear(1)}, 0).rows[0]->row);
  };
  EXPECT_EQ(again(7), again(7));
  EXPECT_LT(again(7), again(8));  // of one lane, in the order in which they were sent
  EXPECT_EQ(again(7).substr(0, again(7).rfind('/')), again(8).substr(0, again(8).rfind('/')));
}

TEST(fan_out_page, gives_each_subscription_a_lane_of_its_own) {
  broadcast other;
  other.name = channel_name("other");
  std::set<std::string> ids;
  for (const auto& each : {ear(1), ear(2), ear(1, "other")}) {
    ids.insert(row_id(*make_fan_out_page(*broadcast().made(), {each}, 0).rows[0]->row));
    ids.insert(row_id(*make_fan_out_page(*other.made(), {each}, 0).rows[0]->row));
  }
  EXPECT_EQ(ids.size(), 6);
}

TEST(fan_out_page, puts_replayed_broadcasts_into_no_order) {
  auto first = broadcast().made();
  auto second = broadcast().made();
  first->row->sender = second->row->sender = row_from_outside;
  second->row->seq = 8;
  const auto lane = [](const invocation& of) {
    const auto id = row_id(*make_fan_out_page(of, {ear(1)}, 0).rows[0]->row);
    return id.substr(0, id.rfind('/'));
  };
  EXPECT_NE(lane(*first), lane(*second));
}

TEST(fan_out_page, comes_back_from_the_store_as_it_was) {
  auto row = broadcast().made();
  row->row->cursor = "where it is";
  std::string payload;
  std::string meta;
  encode_row(*row, payload);
  encode_row_meta(*row, meta);
  const auto read = decode_row(payload, meta);
  ASSERT_TRUE(read);
  EXPECT_EQ((*read)->row->kind, row_kind::fan_out);
  EXPECT_EQ((*read)->row->cursor, "where it is");
  EXPECT_EQ((*read)->target.name, channel_name("news"));
}

}  // namespace
}  // namespace spawn
