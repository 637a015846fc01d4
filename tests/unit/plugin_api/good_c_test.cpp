// good_c, a statestore in plain C11: the headers work without C++, and the store that the hostile
// fixtures are made from is itself right.
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/statestore.h"
#include "spawn/plugin/testing/fake_host.hpp"
#include "spawn/plugin/testing/fake_instance.hpp"

namespace {

using spawn::plugin::bytes;
using spawn::plugin::release;
using spawn::plugin::slice;
using spawn::plugin::text;
using spawn::plugin::testing::fake_host;
using spawn::plugin::testing::fake_instance;

const spawn_plugin_entry* good_c_entry() {
  const char* build = std::getenv("SPAWN_BUILD_DIR");
  const std::string file =
      std::string(build != nullptr ? build : ".") + "/fixtures/good_c/plugin.so";
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    ADD_FAILURE() << ::dlerror();
    return nullptr;
  }
  return reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(library, SPAWN_ENTRY_SYMBOL))();
}

class good_c : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(instance_.start()) << instance_.error();
    table_ = instance_.interface<spawn_statestore>(SPAWN_STATESTORE);
    ASSERT_NE(table_, nullptr);
    ASSERT_EQ(table_->lane_open(instance_.raw(), 0, &lane_), SPAWN_OK);
  }
  void TearDown() override { table_->lane_close(lane_); }

  void submit(const std::vector<spawn_op*>& ops) {
    for (spawn_op* op : ops) {
      host_.expect(op);
    }
    table_->submit(lane_, ops.data(), static_cast<std::uint32_t>(ops.size()));
    for (spawn_op* op : ops) {
      ASSERT_TRUE(host_.ended(op));
    }
  }

  static spawn_ss_save write(std::uint16_t code, std::string_view key, std::uint64_t expect,
                             std::string_view payload, std::uint64_t group = 0) {
    spawn_ss_save op{};
    op.op.struct_size = sizeof(op);
    op.op.code = code;
    op.key = slice(key);
    op.expect_revision = expect;
    op.expect_writer = expect == 0 ? 0 : 7;
    op.new_revision = expect + 1;
    op.writer = 7;
    op.atomic_group = group;
    op.type_url = slice("type.example/T");
    op.meta = slice("m");
    static thread_local std::vector<spawn_slice> pieces(64);
    static thread_local std::size_t next = 0;
    spawn_slice& piece = pieces[next++ % pieces.size()];
    piece = slice(payload);
    op.payload = &piece;
    op.n_payload = 1;
    return op;
  }

  spawn_status run(spawn_ss_save op) {
    submit({&op.op});
    return op.op.status;
  }

  // The payload, or the status in angle brackets.
  std::string load(std::string_view key) {
    spawn_ss_load op{};
    op.op.struct_size = sizeof(op);
    op.op.code = SPAWN_SS_LOAD;
    op.key = slice(key);
    submit({&op.op});
    std::string got = op.op.status == SPAWN_OK ? std::string(text(op.out.payload))
                                               : "<" + std::to_string(op.op.status) + ">";
    got += "@" + std::to_string(op.out.revision);
    release(op.out.payload);
    release(op.out.type_url);
    release(op.out.meta);
    return got;
  }

  std::vector<std::string> list(std::string_view from, std::string_view to, std::uint32_t limit,
                                bool reverse) {
    std::vector<std::string> keys;
    std::string cursor;
    for (int page = 0; page < 100; ++page) {
      spawn_ss_list op{};
      op.op.struct_size = sizeof(op);
      op.op.code = SPAWN_SS_LIST;
      op.from = slice(from);
      op.to = slice(to);
      op.cursor = slice(cursor);
      op.limit = limit;
      op.reverse = reverse ? 1 : 0;
      op.with_payload = 1;
      submit({&op.op});
      EXPECT_EQ(op.op.status, SPAWN_OK);
      EXPECT_LE(op.out_n, limit);
      const char* at = reinterpret_cast<const char*>(op.out_rows);
      for (std::uint32_t i = 0; i < op.out_n; ++i, at += op.out_row_stride) {
        keys.emplace_back(text(reinterpret_cast<const spawn_ss_row*>(at)->key));
      }
      cursor = std::string(text(op.out_cursor));
      release(op.out_owner);
      release(op.out_cursor);
      if (cursor.empty()) {
        break;
      }
    }
    return keys;
  }

  fake_host host_;
  fake_instance instance_{host_, good_c_entry(), "{}"};
  const spawn_statestore* table_ = nullptr;
  spawn_ss_lane* lane_ = nullptr;
};

TEST_F(good_c, keeps_what_is_saved_and_swaps_by_revision_and_writer) {
  EXPECT_EQ(load("k"), "<2>@0");
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 0, "one")), SPAWN_OK);
  EXPECT_EQ(load("k"), "one@1");
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 0, "again")), SPAWN_E_CONFLICT);
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 1, "two")), SPAWN_OK);
  spawn_ss_save other = write(SPAWN_SS_SAVE, "k", 2, "x");
  other.expect_writer = 8;
  submit({&other.op});
  EXPECT_EQ(other.op.status, SPAWN_E_CONFLICT);
  EXPECT_EQ(other.out_revision, 2u);
  EXPECT_EQ(other.out_writer, 7u);
  EXPECT_EQ(load("k"), "two@2");
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "absent", 5, "x")), SPAWN_E_CONFLICT);
}

TEST_F(good_c, leaves_a_tombstone_unless_told_not_to) {
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 0, "one")), SPAWN_OK);
  EXPECT_EQ(run(write(SPAWN_SS_DELETE, "k", 1, "")), SPAWN_OK);
  EXPECT_EQ(load("k"), "<2>@2");
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 0, "new")), SPAWN_E_CONFLICT);
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 2, "new")), SPAWN_OK);
  spawn_ss_save purge = write(SPAWN_SS_DELETE, "k", 3, "");
  purge.op.flags = SPAWN_SS_F_NO_TOMBSTONE;
  EXPECT_EQ(run(purge), SPAWN_OK);
  EXPECT_EQ(load("k"), "<2>@0");
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 0, "fresh")), SPAWN_OK);
}

TEST_F(good_c, applies_a_group_as_a_whole_or_not_at_all) {
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "a", 0, "a1")), SPAWN_OK);
  spawn_ss_save a = write(SPAWN_SS_SAVE, "a", 1, "a2", 9);
  spawn_ss_save alone = write(SPAWN_SS_SAVE, "c", 0, "c1");
  spawn_ss_save b = write(SPAWN_SS_SAVE, "b", 3, "b", 9);  // loses
  spawn_ss_save check = write(SPAWN_SS_CHECK, "a", 1, "", 9);
  submit({&a.op, &alone.op, &b.op, &check.op});
  EXPECT_EQ(a.op.status, SPAWN_E_ABORTED);
  EXPECT_EQ(b.op.status, SPAWN_E_CONFLICT);
  EXPECT_EQ(check.op.status, SPAWN_E_ABORTED);
  EXPECT_EQ(alone.op.status, SPAWN_OK);
  EXPECT_EQ(load("a"), "a1@1");
  EXPECT_EQ(load("b"), "<2>@0");
  spawn_ss_save again = write(SPAWN_SS_SAVE, "a", 1, "a2", 10);
  spawn_ss_save after = write(SPAWN_SS_CHECK, "a", 2, "", 10);
  spawn_ss_save gone = write(SPAWN_SS_CHECK, "b", 0, "", 10);
  submit({&again.op, &after.op, &gone.op});
  EXPECT_EQ(after.op.status, SPAWN_OK);
  EXPECT_EQ(gone.op.status, SPAWN_OK);
  EXPECT_EQ(load("a"), "a2@2");
}

TEST_F(good_c, lists_a_range_in_order_page_by_page) {
  for (const char* key : {"b2", "a1", "b3", "b1", "c1"}) {
    EXPECT_EQ(run(write(SPAWN_SS_SAVE, key, 0, "v")), SPAWN_OK);
  }
  EXPECT_EQ(run(write(SPAWN_SS_DELETE, "b2", 1, "")), SPAWN_OK);
  EXPECT_EQ(list("b", "c", 10, false), (std::vector<std::string>{"b1", "b3"}));
  EXPECT_EQ(list("", "", 1, false), (std::vector<std::string>{"a1", "b1", "b3", "c1"}));
  EXPECT_EQ(list("", "", 2, true), (std::vector<std::string>{"c1", "b3", "b1", "a1"}));
  EXPECT_TRUE(list("x", "y", 5, false).empty());
}

TEST_F(good_c, rewrites_the_head_without_a_new_revision) {
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "k", 0, "clear")), SPAWN_OK);
  EXPECT_EQ(run(write(SPAWN_SS_REWRITE, "k", 1, "sealed")), SPAWN_OK);
  EXPECT_EQ(load("k"), "sealed@1");
  EXPECT_EQ(run(write(SPAWN_SS_REWRITE, "k", 4, "x")), SPAWN_E_CONFLICT);
}

TEST_F(good_c, ends_ops_it_does_not_know_unsupported) {
  spawn_ss_save odd = write(99, "k", 0, "");
  EXPECT_EQ(run(odd), SPAWN_E_UNSUPPORTED);
  spawn_ss_save history = write(SPAWN_SS_HISTORY, "k", 0, "");
  EXPECT_EQ(run(history), SPAWN_E_UNSUPPORTED);
  EXPECT_EQ(run(write(SPAWN_SS_SAVE, "", 0, "x")), SPAWN_E_INVALID);
}

}  // namespace
