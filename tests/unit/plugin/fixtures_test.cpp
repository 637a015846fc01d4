// Every hostile plugin of tests/fixtures/plugins against the loader: refused at its step with its
// cause, or contained. The table there says which rule each of them breaks.
#include <gtest/gtest.h>

#include <set>
#include "plugin/instance.hpp"
#include "plugin/loader.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

struct fixture_case {
  const char* name;
  const char* step;   // "" when it is loaded
  const char* cause;  // part of the message
};

std::ostream& operator<<(std::ostream& out, const fixture_case& c) {
  return out << c.name;
}

struct Fixture : ::testing::Test {
  [[nodiscard]] result<std::unique_ptr<plugin_instance>> make(const std::string& name,
                                                              lane_loops loops) {
    SPAWN_TRY(auto library,
              load_library(test::fixture(name), store, {"statestore", name, "1.0.0", ""}));
    return plugin_instance::create(std::move(library), time,
                                   {"main", "{}", {}, std::move(loops), 1'000});
  }
  test::temp_dir dir;
  system_clock time;
  store_dir store = store_dir::open(dir.path / "store").value();
  test::lanes_of<test::hand_lane> hand{1, time};
};

struct RefusedFixture : Fixture, ::testing::WithParamInterface<fixture_case> {};

TEST_P(RefusedFixture, IsRefusedAtItsStepWithItsCause) {
  const fixture_case& c = GetParam();
  ASSERT_TRUE(std::filesystem::exists(test::fixture(c.name))) << "build spawn_fixtures";
  auto made = make(c.name, hand.loops());
  error why;
  if (made) {
    (*made)->lanes_stopped();
    const auto started = (*made)->start(300);
    ASSERT_FALSE(started) << "neither load nor start refused it";
    why = started.error();
  } else {
    why = made.error();
  }
  EXPECT_NE(why.text.find(std::string("refused at ") + c.step + ": "), std::string::npos)
      << why.text;
  EXPECT_NE(why.text.find(c.cause), std::string::npos) << why.text;
  EXPECT_NE(why.text.find(test::fixture(c.name).string()), std::string::npos) << why.text;
}

constexpr fixture_case refused[] = {
    {"not_elf", "note", "not an ELF file"},
    {"cut_elf", "note", "reaches past the end of the file"},
    {"no_note", "note", "no manifest note"},
    {"note_truncated", "note", "note"},
    {"note_not_json", "note", "not valid JSON"},
    {"note_major", "note", "built for a newer kernel"},
    {"wrong_kind", "note", "its manifest says kind"},
    {"extra_export", "lint", "[exports] exports more than its entry: fixture_leaked_helper"},
    {"unique_symbol", "lint", "[unique]"},
    {"exec_stack", "lint", "[stack]"},
    {"needs_protobuf", "lint", "[protobuf] needs libprotobuf.so"},
    {"no_entry", "entry", "it does not export spawn_plugin_entry_1"},
    {"entry_2_only", "note", "built for a newer kernel"},
    {"null_entry", "entry", "returned NULL"},
    {"short_entry", "entry", "too short"},
    {"null_create", "entry", "\"create\" of its entry table is NULL"},
    {"minor_too_high", "entry", "built for a newer kernel: it needs plugin ABI 1.999"},
    {"manifest_differs", "manifest", "not the one of its note"},
    {"init_fails", "init", "DENIED"},
    {"create_fails", "create", "the moon is in the wrong phase"},
    {"create_slow", "create", "did not return within 1000 ms"},
    {"no_interface", "interface", "does not have spawn.statestore/1"},
    {"short_table", "interface", "\"submit\""},
    {"null_submit", "interface", "\"submit\""},
    {"start_fails", "start", "the backend is out to lunch"},
    {"start_never", "start", "did not end within 300 ms"},
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    // Sanitizers bring threads and symbols of their own.
    {"undefined_symbol", "dlopen", "undefined symbol"},
    {"ctor_thread", "dlopen", "a constructor started a thread"},
#endif
};
INSTANTIATE_TEST_SUITE_P(All, RefusedFixture, ::testing::ValuesIn(refused),
                         [](const auto& tested) { return std::string(tested.param.name); });

// What is built here has to pass as well: in sanitizer builds, too.
TEST_F(Fixture, FirstPartyPluginsAreLoaded) {
  const auto plugins = test::fixture("x").parent_path().parent_path().parent_path() / "plugins";
  int loaded = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(plugins, ignored)) {
    if (entry.path().filename() != "plugin.so") {
      continue;
    }
    const auto library = load_library(entry.path(), store, {});
    ASSERT_TRUE(library) << library.error().text;
    // Their libraries can not leave a process, and the lint says so.
    static const std::set<std::string> stay = {"grpc", "http", "pubsub"};
    if (stay.contains((*library)->manifest().name)) {
      EXPECT_FALSE((*library)->from().warnings.empty()) << entry.path();
      ++loaded;
      continue;
    }
    for (const lint_finding& finding : (*library)->from().warnings) {
      ADD_FAILURE() << entry.path() << ": " << finding.text;
    }
    ++loaded;
  }
  if (loaded == 0) {
    GTEST_SKIP() << "no plugin is built in " << plugins;
  }
}

// A running store: one save handed to it.
struct RunningFixture : Fixture {
  struct save : save_op {
    int ends = 0;
    std::string text;
  };
  void start(const std::string& name) {
    auto made = make(name, hand.loops());
    ASSERT_TRUE(made) << made.error().text;
    instance = std::move(*made);
    instance->lanes_stopped();
    auto got = make_statestore_port(*instance);
    ASSERT_TRUE(got) << got.error().text;
    port = std::move(*got);
    ASSERT_TRUE(instance->start(2'000));
  }
  void submit_save() {
    op = slab.take();
    op->clear();
    op->home = &hand[0];
    op->run = [](task& self) {
      auto& mine = static_cast<save&>(self);
      ++mine.ends;
      mine.text = take_error_text(mine.raw.op);
    };
    op->raw.key = slice_of("k");
    op->raw.new_revision = 1;
    op->raw.writer = 7;
    op->arm(SPAWN_SS_SAVE, 42, time.now_ns() + ns_per_ms);
    spawn_op* raw = &op->raw.op;
    port->submit(hand[0], {&raw, 1});
    hand[0].drive();
  }
  op_slab<save> slab;
  save* op = nullptr;
  std::unique_ptr<plugin_instance> instance;
  std::unique_ptr<statestore_port> port;
};

TEST_F(RunningFixture, GoodCWorksFromStartToEnd) {
  start("good_c");
  submit_save();
  EXPECT_EQ(op->ends, 1);
  EXPECT_EQ(op->status(), errc::ok);
  ASSERT_TRUE(instance->quiesce(1'000));
  ASSERT_TRUE(instance->drain(1'000));
  ASSERT_TRUE(instance->stop(1'000));
}

TEST_F(RunningFixture, CompletesTwiceIsCountedAndFaulted) {
  start("completes_twice");
  submit_save();
  EXPECT_EQ(op->ends, 1);
  EXPECT_EQ(instance->counters().double_completions, 1u);
  EXPECT_TRUE(instance->faulted());
}

TEST_F(RunningFixture, NeverCompletesIsReportedByDrain) {
  start("never_completes");
  submit_save();
  EXPECT_EQ(op->ends, 0);
  ASSERT_TRUE(instance->quiesce(1'000));
  const auto report = instance->drain(50);
  ASSERT_TRUE(report) << report.error().text;
  ASSERT_EQ(report->never_ended.size(), 1u);
  EXPECT_EQ(report->never_ended[0].op_id, 42u);
}

TEST_F(RunningFixture, UnknownStatusIsInternal) {
  start("unknown_status");
  submit_save();
  EXPECT_EQ(op->ends, 1);
  EXPECT_EQ(op->status(), errc::internal);
}

TEST_F(RunningFixture, ThrowsIsContained) {
  start("throws");
  submit_save();
  EXPECT_EQ(op->ends, 1);
  EXPECT_EQ(op->status(), errc::internal);
  EXPECT_TRUE(instance->faulted());
}

TEST_F(RunningFixture, LateTouchHurtsNobody) {
  start("late_touch");
  submit_save();
  EXPECT_EQ(op->ends, 1);
}

TEST_F(RunningFixture, DrainNeverDoesNotKeepItFromStopping) {
  start("drain_never");
  ASSERT_TRUE(instance->quiesce(1'000));
  const auto drained = instance->drain(50);
  ASSERT_FALSE(drained);
  EXPECT_NE(drained.error().text.find("did not end within 50 ms"), std::string::npos);
  const auto stopped = instance->stop(1'000);
  EXPECT_TRUE(stopped) << stopped.error().text;
}

}  // namespace
}  // namespace spawn
