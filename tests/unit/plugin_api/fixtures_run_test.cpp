// The hostile fixtures do at run time what they are there for, and nothing else.
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "spawn/plugin/statestore.h"
#include "spawn/plugin/testing/fake_host.hpp"
#include "spawn/plugin/testing/fake_instance.hpp"

namespace {

using spawn::plugin::slice;
using spawn::plugin::testing::fake_host;
using spawn::plugin::testing::fake_instance;

std::string file_of(const std::string& name) {
  const char* build = std::getenv("SPAWN_BUILD_DIR");
  return std::string(build != nullptr ? build : ".") + "/fixtures/" + name + "/plugin.so";
}

// What the entry function gives; NULL also when there is no such function.
const spawn_plugin_entry* entry_of(const std::string& name) {
  void* library = ::dlopen(file_of(name).c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) {
    ADD_FAILURE() << ::dlerror();
    return nullptr;
  }
  auto fn = reinterpret_cast<spawn_plugin_entry_fn>(::dlsym(library, SPAWN_ENTRY_SYMBOL));
  return fn == nullptr ? nullptr : fn();
}

spawn_ss_save save_of(std::string_view key) {
  spawn_ss_save op{};
  op.op.struct_size = sizeof(op);
  op.op.code = SPAWN_SS_SAVE;
  op.op.status = -1;
  op.key = slice(key);
  op.new_revision = 1;
  op.writer = 7;
  return op;
}

spawn_ss_load load_of(std::string_view key) {
  spawn_ss_load op{};
  op.op.struct_size = sizeof(op);
  op.op.code = SPAWN_SS_LOAD;
  op.op.status = -1;
  op.key = slice(key);
  return op;
}

// A started instance and its lane.
struct running {
  explicit running(const std::string& name) {
    instance.emplace(host, entry_of(name), "{}");
    EXPECT_TRUE(instance->start()) << instance->error();
    table = instance->interface<spawn_statestore>(SPAWN_STATESTORE);
    EXPECT_EQ(table->lane_open(instance->raw(), 0, &lane), SPAWN_OK);
  }
  void submit(spawn_op* op) {
    host.expect(op);
    table->submit(lane, &op, 1);
  }
  // Reads end once in every fixture, so a kernel can start on it.
  void expect_reads_work() {
    spawn_ss_load op = load_of("nobody");
    submit(&op.op);
    EXPECT_TRUE(host.ended(&op.op));
    EXPECT_EQ(op.op.status, SPAWN_E_NOT_FOUND);
  }

  fake_host host;
  std::optional<fake_instance> instance;
  const spawn_statestore* table = nullptr;
  spawn_ss_lane* lane = nullptr;
};

TEST(fixture_entry, is_broken_in_the_place_the_readme_names) {
  EXPECT_EQ(entry_of("no_entry"), nullptr);
  EXPECT_EQ(entry_of("entry_2_only"), nullptr);
  EXPECT_EQ(entry_of("null_entry"), nullptr);
  EXPECT_EQ(entry_of("null_create")->create, nullptr);
  EXPECT_FALSE(SPAWN_KNOWS(entry_of("short_entry"), create));
  EXPECT_GT(entry_of("minor_too_high")->abi_minor_min, SPAWN_ABI_MINOR);
  EXPECT_NE(std::string_view(entry_of("manifest_differs")->manifest_json).find("transport"),
            std::string_view::npos);
  for (const char* name : {"no_note", "note_major", "wrong_kind", "extra_export", "exec_stack"}) {
    EXPECT_NE(entry_of(name)->create, nullptr) << name;
  }
}

TEST(fixture_undefined_symbol, does_not_load) {
  EXPECT_EQ(::dlopen(file_of("undefined_symbol").c_str(), RTLD_NOW | RTLD_LOCAL), nullptr);
  EXPECT_THAT(std::string(::dlerror()),
              ::testing::HasSubstr("spawn_fixture_function_that_does_not_exist"));
}

TEST(fixture_create, refuses_or_takes_its_time) {
  fake_host host;
  const fake_instance refused(host, entry_of("create_fails"), "{}");
  EXPECT_EQ(refused.raw(), nullptr);
  EXPECT_EQ(refused.status(), SPAWN_E_INVALID);
  EXPECT_EQ(refused.error(), "the moon is in the wrong phase");
  EXPECT_EQ(entry_of("init_fails")->init(host.table()), SPAWN_E_DENIED);
  const auto begin = std::chrono::steady_clock::now();
  const fake_instance slow(host, entry_of("create_slow"), "{}");
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(1'900));
  EXPECT_NE(slow.raw(), nullptr);
}

TEST(fixture_interface, is_absent_short_or_empty) {
  fake_host host;
  const fake_instance none(host, entry_of("no_interface"), "{}");
  EXPECT_EQ(none.interface<spawn_statestore>(SPAWN_STATESTORE), nullptr);
  const fake_instance brief(host, entry_of("short_table"), "{}");
  EXPECT_FALSE(SPAWN_KNOWS(brief.interface<spawn_statestore>(SPAWN_STATESTORE), submit));
  const fake_instance empty(host, entry_of("null_submit"), "{}");
  EXPECT_EQ(empty.interface<spawn_statestore>(SPAWN_STATESTORE)->submit, nullptr);
}

TEST(fixture_start, fails_with_a_text_or_never_ends) {
  fake_host host;
  fake_instance failing(host, entry_of("start_fails"), "{}");
  EXPECT_FALSE(failing.start());
  EXPECT_EQ(failing.status(), SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(failing.error(), "the backend is out to lunch");
  for (const bool drain : {false, true}) {
    fake_instance waiting(host, entry_of(drain ? "drain_never" : "start_never"), "{}");
    spawn_op op{};
    op.struct_size = sizeof(op);
    host.expect(&op);
    (drain ? waiting.raw()->vt->drain : waiting.raw()->vt->start)(waiting.raw(), &op);
    EXPECT_FALSE(host.ended(&op));
  }
}

TEST(fixture_completes_twice, ends_a_save_two_times) {
  running r("completes_twice");
  r.expect_reads_work();
  EXPECT_TRUE(r.host.violations().empty());
  spawn_ss_save op = save_of("k");
  r.submit(&op.op);
  EXPECT_EQ(r.host.violations().size(), 1u);
}

TEST(fixture_never_completes, keeps_a_save) {
  running r("never_completes");
  r.expect_reads_work();
  spawn_ss_save op = save_of("k");
  r.submit(&op.op);
  EXPECT_FALSE(r.host.ended(&op.op));
}

TEST(fixture_unknown_status, ends_a_save_with_9999) {
  running r("unknown_status");
  r.expect_reads_work();
  spawn_ss_save op = save_of("k");
  r.submit(&op.op);
  EXPECT_TRUE(r.host.ended(&op.op));
  EXPECT_EQ(op.op.status, 9999);
}

TEST(fixture_late_touch, writes_to_a_save_that_has_ended) {
  running r("late_touch");
  r.expect_reads_work();
  spawn_ss_save op = save_of("k");
  r.submit(&op.op);
  EXPECT_TRUE(r.host.ended(&op.op));
  EXPECT_NE(op.op.plugin_scratch[3], nullptr);
}

TEST(fixture_throws, lets_an_exception_out_of_submit) {
  running r("throws");
  r.expect_reads_work();
  spawn_ss_save op = save_of("k");
  EXPECT_THROW(r.submit(&op.op), std::exception);
}

}  // namespace
