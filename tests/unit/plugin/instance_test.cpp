#include "plugin/instance.hpp"

#include <gtest/gtest.h>

#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

using test::end;
using state = plugin_instance::state;
using std::chrono::milliseconds;

struct Instance : ::testing::Test {
  result<std::unique_ptr<plugin_instance>> make(const std::string& which = "many",
                                                const std::string& config = "{}",
                                                std::uint64_t create_limit_ms = 200) {
    return plugin_instance::create(test::scripted_library(which), time,
                                   {"main", config, {}, lanes.loops(), create_limit_ms});
  }
  // Text of a failure, or "ok".
  template <class R>
  static std::string why(const R& r) {
    return r ? "ok" : r.error().text;
  }
  test::with_script plugin;
  // Outlives the threads of plugins that a test lets hang.
  static inline system_clock time;
  test::lanes_of<test::thread_lane> lanes{2, time};
};

TEST_F(Instance, GoesThroughItsLife) {
  std::string log;
  const auto step = [&](const char* what) {
    return [&log, what](const spawn_host* h, spawn_op* op) {
      log += what;
      end(h, op);
    };
  };
  plugin->start = step("start ");
  plugin->quiesce = step("quiesce ");
  plugin->drain = step("drain ");
  plugin->stop = step("stop ");
  plugin->destroyed = [&] { log += "destroy"; };
  {
    auto made = make();
    ASSERT_TRUE(made) << made.error().text;
    plugin_instance& i = **made;
    EXPECT_EQ(i.now(), state::created);
    EXPECT_EQ(why(i.start(1'000)), "ok");
    EXPECT_EQ(why(i.quiesce(1'000)), "ok");
    EXPECT_EQ(why(i.start(1'000)), "ok") << "quiesce can be undone";
    EXPECT_EQ(why(i.quiesce(1'000)), "ok");
    EXPECT_EQ(why(i.drain(1'000)), "ok");
    EXPECT_EQ(why(i.stop(1'000)), "ok");
    EXPECT_EQ(i.now(), state::stopped);
  }
  EXPECT_EQ(log, "start quiesce start quiesce drain stop destroy");
}

TEST_F(Instance, RefusesStepsOutOfOrder) {
  auto made = make();
  plugin_instance& i = **made;
  EXPECT_NE(why(i.quiesce(100)).find("can not be quiesced when it is created"), std::string::npos);
  EXPECT_NE(why(i.drain(100)).find("can not be drained"), std::string::npos);
  EXPECT_EQ(why(i.start(1'000)), "ok");
  EXPECT_NE(why(i.start(100)).find("can not be started when it is started"), std::string::npos);
  EXPECT_EQ(why(i.stop(1'000)), "ok");
  EXPECT_NE(why(i.start(100)).find("can not be started when it is stopped"), std::string::npos);
}

TEST_F(Instance, StopsByItselfWhenDestroyed) {
  bool stopped = false;
  plugin->stop = [&](const spawn_host* h, spawn_op* op) {
    stopped = true;
    end(h, op);
  };
  auto made = make();
  ASSERT_TRUE((*made)->start(1'000));
  made->reset();
  EXPECT_TRUE(stopped);
}

TEST_F(Instance, TellsWhyStartFailed) {
  plugin->start = [](const spawn_host* h, spawn_op* op) {
    static const std::string text = "no route to database";
    op->error = {text.data(), text.size(), nullptr, nullptr};
    end(h, op, SPAWN_E_UNAVAILABLE);
  };
  auto made = make();
  const auto started = (*made)->start(1'000);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, errc::unavailable);
  EXPECT_NE(started.error().text.find("refused at start"), std::string::npos);
  EXPECT_NE(started.error().text.find("no route to database"), std::string::npos);
}

TEST_F(Instance, GivesUpOnAStartThatDoesNotEndOrDoesNotReturn) {
  std::atomic<bool> go{false};
  std::atomic<bool> left{false};
  auto never = make();
  plugin->start = [](const spawn_host*, spawn_op*) {};
  EXPECT_NE(why((*never)->start(50)).find("did not end within 50 ms"), std::string::npos);
  auto hangs = make();
  plugin->start = [&](const spawn_host* h, spawn_op* op) {
    while (!go) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    end(h, op);
    left = true;
  };
  EXPECT_NE(why((*hangs)->start(50)).find("did not return within 50 ms"), std::string::npos);
  bool destroyed = false;
  plugin->destroyed = [&] { destroyed = true; };
  hangs->reset();
  EXPECT_FALSE(destroyed) << "a plugin with a call inside is never destroyed";
  go = true;
  EXPECT_TRUE(test::eventually([&] { return left.load(); }));
}

TEST_F(Instance, StartsFromAnotherThreadOfThePlugin) {
  std::thread own;
  plugin->start = [&](const spawn_host* h, spawn_op* op) {
    own = std::thread([h, op] {
      std::this_thread::sleep_for(milliseconds(20));
      end(h, op);
    });
  };
  auto made = make();
  EXPECT_EQ(why((*made)->start(5'000)), "ok");
  own.join();
}

TEST_F(Instance, RefusesACreateThatTakesTooLongAndTakesItDownLater) {
  std::atomic<bool> go{false};
  std::atomic<bool> destroyed{false};
  plugin->destroyed = [&] { destroyed = true; };
  plugin->create = [&](const spawn_host*, const spawn_create_info*) {
    while (!go) {
      std::this_thread::sleep_for(milliseconds(1));
    }
    return SPAWN_OK;
  };
  const auto made = make("many", "{}", 50);
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().text.find("refused at create: create did not return within 50 ms"),
            std::string::npos);
  go = true;
  EXPECT_TRUE(test::eventually([&] { return destroyed.load(); }));
}

TEST_F(Instance, ContainsExceptionsOfEveryControlCall) {
  plugin->create = [](const spawn_host*, const spawn_create_info*) -> spawn_status {
    throw std::runtime_error("from create");
  };
  EXPECT_NE(why(make()).find("threw an exception: from create"), std::string::npos);
  plugin->create = nullptr;
  plugin->start = [](const spawn_host*, spawn_op*) { throw 42; };
  auto made = make();
  EXPECT_NE(why((*made)->start(1'000)).find("not an exception"), std::string::npos);
  EXPECT_TRUE((*made)->faulted());
}

TEST_F(Instance, PassesConfigAndSecretsApart) {
  std::string seen;
  plugin->create = [&](const spawn_host*, const spawn_create_info* info) {
    seen = std::string(view_of(info->name)) + "|" + std::string(view_of(info->config_json));
    for (std::uint32_t i = 0; i < info->n_secrets; ++i) {
      seen += "|" + std::string(view_of(info->secrets[i].key)) + "=" +
              std::string(view_of(info->secrets[i].value));
    }
    seen += "|" + std::to_string(info->lanes);
    return SPAWN_OK;
  };
  auto made = plugin_instance::create(
      test::scripted_library("many"), time,
      {"main", R"({ "dsn" : null })", {{"/dsn", "hush"}}, lanes.loops(), 1'000});
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(seen, R"(main|{"dsn":null}|/dsn=hush|2)");
}

TEST_F(Instance, RefusesConfigByItsPointer) {
  const auto made = make("many", R"({"pool":{"size":"x"}})");
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().text.find("refused at config: instance main: config/pool/size"),
            std::string::npos)
      << made.error().text;
}

TEST_F(Instance, RefusesAMissingOrShortInterface) {
  plugin->interface = [](const char*) -> const void* { return nullptr; };
  EXPECT_NE(why(make()).find("refused at interface: its instance does not have spawn.statestore/1"),
            std::string::npos);
  plugin->interface = [](const char*) -> const void* {
    static const spawn_statestore table{
        offsetof(spawn_statestore, submit), 0, nullptr, nullptr, nullptr, nullptr, nullptr};
    return &table;
  };
  EXPECT_NE(why(make()).find("\"capabilities\""), std::string::npos);
}

TEST_F(Instance, TakesInitOncePerLibrary) {
  int inits = 0;
  plugin->init = [&] {
    ++inits;
    return SPAWN_OK;
  };
  const auto library = test::scripted_library("many");
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(plugin_instance::create(library, time, {"n", "{}", {}, lanes.loops(), 1'000}));
  }
  EXPECT_EQ(inits, 1);
  plugin->init = [] { return SPAWN_E_DENIED; };
  EXPECT_NE(why(make()).find("refused at init: init answered DENIED"), std::string::npos);
}

TEST_F(Instance, ShowsFaultAndHealth) {
  const spawn_host* h = nullptr;
  plugin->create = [&](const spawn_host* host, const spawn_create_info*) {
    h = host;
    return SPAWN_OK;
  };
  auto made = make();
  EXPECT_TRUE((*made)->health().serving);
  h->health(h, 0, slice_of("link down"));
  EXPECT_FALSE((*made)->health().serving);
  EXPECT_EQ((*made)->health().why, "link down");
  h->health(h, 1, {});
  EXPECT_TRUE((*made)->health().serving);
  h->fault(h, SPAWN_E_CORRUPT, slice_of("bad page"));
  EXPECT_EQ((*made)->health().why, "faulted: bad page");
  const std::uint64_t late = host_table::late_calls();
  made->reset();
  h->log(h, 4, slice_of("too late"), nullptr, 0);
  EXPECT_EQ(h->now_ns(h), 0u);
  EXPECT_EQ(host_table::late_calls(), late + 2) << "calls after destroy reach nobody";
}

}  // namespace
}  // namespace spawn
