// Names and their parents, over a store that answers when told to.
#include "router/bindings.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "state/seal/sealer.hpp"
#include "unit/router/hand_lane.hpp"

namespace spawn {
namespace {

// Keeps revision and writer of each key; answers one operation per call of answer().
class slow_store final : public statestore_port {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "slow"; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override { return 0; }
  [[nodiscard]] bool shared_queue() const noexcept override { return true; }
  void submit(lane&, std::span<spawn_op* const> ops) override {
    asked.insert(asked.end(), ops.begin(), ops.end());
  }
  void answer(spawn_status status = SPAWN_OK) {
    auto& save = *reinterpret_cast<spawn_ss_save*>(asked.front());
    asked.erase(asked.begin());
    auto& stored = versions[std::string(view_of(save.key))];
    if (status == SPAWN_OK &&
        stored !=
            std::pair{save.expect_revision, save.expect_revision == 0 ? 0 : save.expect_writer}) {
      status = SPAWN_E_CONFLICT;
      save.out_revision = stored.first;
      save.out_writer = stored.second;
    } else if (status == SPAWN_OK) {
      stored = {save.new_revision, save.writer};
      ++writes;
    }
    save.op.status = status;
    ASSERT_TRUE(port_op::end(save.op));
  }
  std::vector<spawn_op*> asked;
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> versions;
  int writes = 0;
};

class bindings_test : public ::testing::Test {
 protected:
  manual_clock time;
  test::hand_lane home{time};
  slow_store store;
  journal log{home, store};
  std::unique_ptr<sealer> keys = std::move(*sealer::create({}));
  std::unique_ptr<lane_sealer> seal = std::move(*keys->make_lane());
  record_codec codec{*seal};
  writer_ids writers{1, 0};
  record_writer records{log, codec, writers};
  bindings names{records};
  std::vector<std::string> done;

  void bind(const char* name, const char* parent, std::uint64_t revision = 0) {
    names.bind("s", name, parent, revision,
               [this, parent](result<void> bound) { done.push_back(bound ? parent : "failed"); });
    home.run_turn();
  }
  void answer(spawn_status status = SPAWN_OK) {
    ASSERT_FALSE(store.asked.empty());
    store.answer(status);
    home.run_turn();
  }
  std::string parent(const char* name) {
    const binding* found = names.find("s", name);
    return found == nullptr ? "" : found->parent;
  }
};

using strings = std::vector<std::string>;

TEST_F(bindings_test, answer_once_the_record_is_durable_and_not_before) {
  bind("x", "p");
  EXPECT_EQ(done, strings{});
  EXPECT_EQ(parent("x"), "");
  answer();
  EXPECT_EQ(done, (strings{"p"}));
  EXPECT_EQ(parent("x"), "p");
}

TEST_F(bindings_test, write_once_for_all_who_ask_for_the_same) {
  bind("x", "p");
  bind("x", "p");
  answer();
  bind("x", "p");
  EXPECT_EQ(done, (strings{"p", "p", "p"}));
  EXPECT_EQ(store.writes, 1);
}

TEST_F(bindings_test, let_the_last_one_win_and_write_one_after_another) {
  bind("x", "p");
  bind("x", "q");
  EXPECT_EQ(store.asked.size(), 1u);
  answer();
  EXPECT_EQ(parent("x"), "p");
  answer();
  EXPECT_EQ(parent("x"), "q");
  EXPECT_EQ(done, (strings{"p", "q"}));
}

TEST_F(bindings_test, write_over_what_another_kernel_wrote) {
  bind("x", "p");
  store.versions["b/s/x"] = {7, 99};
  answer();
  home.pass_ms(100);
  answer();
  EXPECT_EQ(done, (strings{"p"}));
  EXPECT_EQ(store.versions["b/s/x"].first, 8u);
}

TEST_F(bindings_test, fail_when_the_store_stays_away) {
  bind("x", "p");
  for (int i = 0; i < 100 && done.empty(); ++i) {
    if (!store.asked.empty()) {
      answer(SPAWN_E_UNAVAILABLE);
    }
    home.pass_ms(500, 10);
  }
  EXPECT_EQ(done, (strings{"failed"}));
  EXPECT_EQ(parent("x"), "");
}

TEST_F(bindings_test, forget_a_restore_once_it_is_durable) {
  bind("x", "p", 4);
  answer();
  EXPECT_EQ(names.find("s", "x")->restore_revision, 4u);
  names.restored("s", "x");
  home.run_turn();
  EXPECT_EQ(names.find("s", "x")->restore_revision, 0u);
  answer();
  names.restored("s", "x");
  home.run_turn();
  EXPECT_TRUE(store.asked.empty());
}

TEST(binding_record, is_read_as_it_was_written) {
  binding out;
  ASSERT_TRUE(bindings::decode(bindings::encode("parent", 12), out));
  EXPECT_EQ(out.parent, "parent");
  EXPECT_EQ(out.restore_revision, 12u);
  EXPECT_FALSE(bindings::decode("\x0a\xff", out));
}

}  // namespace
}  // namespace spawn
