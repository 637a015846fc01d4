// A store that keeps its records in memory is swapped.
#include "plugin/ports/store_handoff.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string_view>

#include "plugin/ports/make_ports.hpp"
#include "spawn/plugin/handoff.h"
#include "swap/store_swap.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

// What the instances keep: the older one's chunks, and what the newer one has taken.
struct handoff_script {
  std::deque<std::string> chunks;
  std::vector<std::string> taken;
  std::size_t next = 0;
  std::uint32_t reads = 1;
  spawn_status import = SPAWN_OK;
  bool ends = true;
  int released = 0;
};
handoff_script* now = nullptr;

void export_next(spawn_instance* self, spawn_handoff_op* op) {
  const std::string& chunk = now->chunks.at(now->next++);
  op->last = now->next == now->chunks.size() ? 1 : 0;
  op->out_chunk = {chunk.data(), chunk.size(),
                   [](void*, const void*, std::uint64_t) { ++now->released; }, nullptr};
  if (now->ends) {
    test::end(self->host, &op->op);
  }
}

void import_next(spawn_instance* self, spawn_handoff_op* op) {
  now->taken.emplace_back(static_cast<const char*>(op->in_chunk.ptr), op->in_chunk.len);
  test::end(self->host, &op->op, op->last != 0 ? now->import : SPAWN_OK);
}

const void* tables(const char* id) {
  static const spawn_statestore store{
      sizeof(spawn_statestore),
      0,
      [](spawn_instance*) -> std::uint64_t { return 0; },
      [](spawn_instance* self, std::uint32_t, spawn_ss_lane** out) -> spawn_status {
        *out = reinterpret_cast<spawn_ss_lane*>(self);
        return SPAWN_OK;
      },
      [](spawn_ss_lane* l, spawn_op* const* ops, std::uint32_t n) {
        const spawn_host* h = reinterpret_cast<spawn_instance*>(l)->host;
        h->complete(h, ops, n);
      },
      nullptr,
      [](spawn_ss_lane*) {}};
  static const spawn_handoff handoff{
      sizeof(spawn_handoff), 1,
      [](spawn_instance*, std::uint32_t schema) -> std::uint32_t { return schema == now->reads; },
      export_next, import_next};
  if (std::string_view(id) == SPAWN_STATESTORE) {
    return &store;
  }
  return now != nullptr && std::string_view(id) == SPAWN_HANDOFF ? &handoff : nullptr;
}

struct StoreHandoff : ::testing::Test {
  void SetUp() override {
    now = &script;
    plugin->interface = tables;
    const auto made = manager.load(library, request);
    ASSERT_TRUE(made) << made.error().text;
    auto port_of = make_statestore_port(**made);
    ASSERT_TRUE(port_of) << port_of.error().text;
    port = std::make_unique<swappable_store_port>(std::move(*port_of), 1);
    ASSERT_TRUE(manager.start_all(2'000));
    subject = std::make_unique<store_swap>(request, manager, lanes.set, time, *port);
    older = subject->serving();
  }
  void TearDown() override { static_cast<void>(manager.stop_all(2'000)); }
  result<swap_report> swap() {
    auto next = manager.load_apart(library, request);
    EXPECT_TRUE(next) << next.error().text;
    return subject->swap_to(std::move(*next), {.start_ms = 200});
  }

  test::with_script plugin;
  handoff_script script{{"one", "two", ""}, {}, 0, 1, SPAWN_OK, true, 0};
  test::temp_dir dir;
  static inline system_clock time;
  test::lanes_of<test::thread_lane> lanes{1, time};
  plugin_manager manager{{{dir.path / "lib"}, dir.path / "store", {}, 500}, lanes.loops(), time};
  const plugin_request request{"statestore", "scripted", "", "main", "{}", {}, ""};
  const std::shared_ptr<plugin_library> library = test::scripted_library("many");
  std::unique_ptr<swappable_store_port> port;
  std::unique_ptr<store_swap> subject;
  std::shared_ptr<plugin_instance> older;
};

TEST_F(StoreHandoff, EveryChunkGoesOver) {
  const auto report = swap();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(script.taken, (std::vector<std::string>{"one", "two", ""}));
  EXPECT_EQ(script.released, 3);
  EXPECT_EQ(older->now(), plugin_instance::state::stopped);
  EXPECT_NE(subject->serving(), older);
}

TEST_F(StoreHandoff, OneThatDoesNotTakeThemLeavesTheOldOneAtWork) {
  script.import = SPAWN_E_CORRUPT;
  const auto report = swap();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("import_next failed"), std::string::npos)
      << report.error().text;
  EXPECT_EQ(subject->serving(), older);
  EXPECT_EQ(older->now(), plugin_instance::state::started);
  EXPECT_TRUE(port->serving());
  EXPECT_EQ(script.released, 3);
}

TEST_F(StoreHandoff, OneThatDoesNotReadThemIsRefused) {
  script.reads = 2;
  const auto report = swap();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("does not read the records"), std::string::npos)
      << report.error().text;
  EXPECT_TRUE(script.taken.empty());
}

TEST_F(StoreHandoff, WithoutTheInterfaceItIsRefused) {
  now = nullptr;
  const auto report = swap();
  now = &script;
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("keeps its records in memory"), std::string::npos)
      << report.error().text;
}

TEST_F(StoreHandoff, AFaultedOneIsNotTouched) {
  older->core()->host.fault(errc::internal, "scripted to be out of service");
  const auto report = swap();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("is faulted, and its records"), std::string::npos)
      << report.error().text;
  EXPECT_EQ(script.next, 0u);
}

TEST_F(StoreHandoff, AnExportThatDoesNotEndIsAnError) {
  script.ends = false;
  const auto report = swap();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("export_next did not end within 200 ms"), std::string::npos)
      << report.error().text;
  EXPECT_TRUE(script.taken.empty());
}

}  // namespace
}  // namespace spawn
