#include "plugin/manager.hpp"

#include <gtest/gtest.h>

#include "plugin/ports/make_ports.hpp"
#include "trust/secret_key.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

namespace fs = std::filesystem;

struct Manager : ::testing::Test {
  plugin_manager_options options() { return {{dir.path / "lib"}, dir.path / "store", {}, 500}; }
  void place(const std::string& fixture, const std::string& version = "1.0.0") {
    test::write_file(dir.path / "lib" / "statestore" / fixture / version / "plugin.so",
                     test::read_file(test::fixture(fixture)));
  }
  test::temp_dir dir;
  system_clock time;
  test::lanes_of<test::thread_lane> lanes{2, time};
};

TEST_F(Manager, TakesAPluginFromItsFileToItsEnd) {
  place("good_c");
  plugin_manager manager(options(), lanes.loops(), time);
  const auto main = manager.load("statestore", "good_c", "^1", "main", "{}", {}, "");
  ASSERT_TRUE(main) << main.error().text;
  const auto second = manager.load("statestore", "good_c", "", "second", "{}", {}, "");
  ASSERT_TRUE(second) << second.error().text;
  EXPECT_EQ(&(*main)->library(), &(*second)->library()) << "one content, one library";
  const auto port = make_statestore_port(**main);
  ASSERT_TRUE(port) << port.error().text;
  ASSERT_TRUE(manager.start_all(2'000));

  const auto list = manager.list();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].kind, "statestore");
  EXPECT_EQ(list[0].name, "good_c");
  EXPECT_EQ(list[0].version, "1.0.0");
  EXPECT_EQ(list[0].instance, "main");
  EXPECT_EQ(list[0].path, (dir.path / "lib/statestore/good_c/1.0.0/plugin.so").string());
  EXPECT_EQ(list[0].sha256.size(), 64u);
  EXPECT_EQ(list[0].state, "started");
  EXPECT_TRUE(list[0].serving);
  EXPECT_EQ(manager.find("statestore", "second").get(), *second);
  EXPECT_EQ(manager.find("workflow", "second"), nullptr);
  const auto stopped = manager.stop_all(2'000);
  EXPECT_TRUE(stopped) << stopped.error().text;
  EXPECT_EQ(manager.list()[0].state, "stopped");
}

TEST_F(Manager, RefusesTwoInstancesOfOneName) {
  test::with_script plugin;
  plugin_manager manager(options(), lanes.loops(), time);
  const plugin_request request{"statestore", "scripted", "", "main", "{}", {}, ""};
  ASSERT_TRUE(manager.load(test::scripted_library("many"), request));
  const auto again = manager.load(test::scripted_library("many"), request);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().text.find("two statestore instances named main"), std::string::npos);
}

TEST_F(Manager, RefusesUnsignedPluginsWhenSignaturesAreAskedFor) {
  place("good_c");
  auto wanted = options();
  wanted.trust.required = true;
  plugin_manager manager(wanted, lanes.loops(), time);
  const auto got = manager.load("statestore", "good_c", "", "main", "{}", {}, "");
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().text.find("good_c/1.0.0/plugin.so refused at signature: it is not signed"),
            std::string::npos)
      << got.error().text;
}

TEST_F(Manager, TellsWhoSignedAPlugin) {
  place("good_c");
  const auto key = trust::generate_key().value();
  const fs::path file = dir.path / "lib/statestore/good_c/1.0.0/plugin.so";
  test::write_file(
      signature_path(file),
      signature_text(
          sign(key, test::read_file(file), trust::signature_form::prehashed, "v1").value()));
  auto wanted = options();
  wanted.trust = {true, {public_half(key)}};
  plugin_manager manager(wanted, lanes.loops(), time);
  const auto got = manager.load("statestore", "good_c", "", "main", "{}", {}, "");
  ASSERT_TRUE(got) << got.error().text;
  const file_signature told = manager.list()[0].signature;
  EXPECT_EQ(told.is, file_signature::state::good);
  EXPECT_EQ(told.key, trust::text_of(key.id));
  EXPECT_EQ(told.trusted_comment, "v1");
}

TEST_F(Manager, NamesInstancePathStepAndCause) {
  place("create_fails");
  plugin_manager manager(options(), lanes.loops(), time);
  const auto got = manager.load("statestore", "create_fails", "", "main", "{}", {}, "");
  ASSERT_FALSE(got);
  const std::string& text = got.error().text;
  for (const char* part : {"instance main", "create_fails/1.0.0/plugin.so", "refused at create",
                           "the moon is in the wrong phase"}) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  }
}

TEST_F(Manager, StopsTheOthersWhenOneDoesNotStart) {
  place("good_c");
  place("start_fails");
  plugin_manager manager(options(), lanes.loops(), time);
  ASSERT_TRUE(manager.load("statestore", "good_c", "", "a", "{}", {}, ""));
  ASSERT_TRUE(manager.load("statestore", "start_fails", "", "b", "{}", {}, ""));
  const auto started = manager.start_all(2'000);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().text.find("the backend is out to lunch"), std::string::npos);
  EXPECT_TRUE(manager.stop_all(2'000));
}

}  // namespace
}  // namespace spawn
