// A transport is swapped while two lanes listen and send through it.
#include "swap/transport_swap.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <map>

#include "lane/post.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/paths.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

using plugin_id = const spawn_host*;

struct TransportSwap : ::testing::Test {
  void SetUp() override {
    plugin->capabilities = SPAWN_TP_CAP_REQUEST | SPAWN_TP_CAP_QUEUE_GROUP;
    plugin->submit = [this](plugin_id h, std::span<spawn_op* const> ops) {
      for (spawn_op* op : ops) {
        take(h, op);
      }
    };
    const auto made = manager.load(test::scripted_library("transport"), request);
    ASSERT_TRUE(made) << made.error().text;
    auto port_of = make_transport_port(**made);
    ASSERT_TRUE(port_of) << port_of.error().text;
    port = std::make_unique<swappable_transport_port>(std::move(*port_of), lanes.set);
    ASSERT_TRUE(manager.start_all(2'000));
    subject = std::make_unique<transport_swap>(request, manager, lanes.set, time, *port);
    older = subject->serving();
    port->subscribe(lanes.set[0], "news.>", {},
                    [this](transport_message m) { hear(std::move(m)); });
    port->subscribe(lanes.set[1], "calls", "calls",
                    [this](transport_message m) { hear(std::move(m)); });
    ASSERT_TRUE(test::eventually([&] { return subscriptions() == 2; }));
    const std::lock_guard hold(mutex);
    first = listening.begin()->first;
  }
  void TearDown() override {
    end_requests();
    subject->close();
    static_cast<void>(manager.stop_all(2'000));
  }

  void take(plugin_id h, spawn_op* op) {
    if (op->code == SPAWN_TP_SUBSCRIBE || op->code == SPAWN_TP_UNSUBSCRIBE) {
      const auto& sub = *reinterpret_cast<spawn_tp_sub*>(op);
      if (op->code == SPAWN_TP_UNSUBSCRIBE && before_leaving) {
        before_leaving(h, sub.sub_id);
      }
      const std::lock_guard hold(mutex);
      if (op->code == SPAWN_TP_UNSUBSCRIBE) {
        listening[h].erase(sub.sub_id);
      } else if (h == first || first == nullptr || new_one_subscribes == SPAWN_OK) {
        listening[h][sub.sub_id] = view_of(sub.pattern);
      } else {
        return test::end(h, op, new_one_subscribes);
      }
    } else {
      const auto& send = *reinterpret_cast<spawn_tp_send*>(op);
      const std::lock_guard hold(mutex);
      (op->code == SPAWN_TP_REPLY ? replied : sent)[h].emplace_back(view_of(send.subject));
      if (op->code == SPAWN_TP_REQUEST && holds_requests) {
        held.emplace_back(h, op);
        return;
      }
    }
    test::end(h, op);
  }
  void end_requests() {
    const std::lock_guard hold(mutex);
    for (const auto& [h, op] : std::exchange(held, {})) {
      test::end(h, op);
    }
  }
  std::size_t subscriptions() {
    const std::lock_guard hold(mutex);
    std::size_t n = 0;
    for (const auto& [h, of] : listening) {
      n += of.size();
    }
    return n;
  }
  // False: that plugin does not listen to it.
  bool deliver(plugin_id h, std::string_view pattern, std::string_view payload,
               std::string_view reply_to = {}) {
    spawn_tp_message m{};
    {
      const std::lock_guard hold(mutex);
      for (const auto& [id, listens_to] : listening[h]) {
        m.sub_id = listens_to == pattern ? id : m.sub_id;
      }
    }
    if (m.sub_id == 0) {
      return false;
    }
    m.subject = slice_of(pattern);
    m.reply_to = slice_of(reply_to);
    m.payload = {payload.data(), payload.size(), nullptr, nullptr};
    static_cast<const spawn_host_transport*>(h->get_interface(h, SPAWN_HOST_TRANSPORT))
        ->deliver(h, 0, &m, 1);
    return true;
  }
  // In the unsubscribe of that pattern, of which both listen still.
  void when_first_leaves(std::string pattern, std::function<void(plugin_id)> what) {
    before_leaving = [this, pattern, what](plugin_id h, std::uint64_t id) {
      plugin_id second = nullptr;
      {
        const std::lock_guard hold(mutex);
        if (listening[h][id] != pattern) {
          return;
        }
        for (const auto& [each, of] : listening) {
          second = each == first ? second : each;
        }
      }
      what(second);
    };
  }
  plugin_id newest() {
    const auto serves = manager.find("transport", "mesh");
    return serves->core()->host.table();
  }
  void hear(transport_message m) {
    const std::lock_guard hold(mutex);
    heard.push_back(m.payload);
    if (!m.reply_to.empty()) {
      to_answer.push_back(m.reply_to);
    }
  }
  std::vector<std::string> all_heard() {
    const std::lock_guard hold(mutex);
    return heard;
  }
  template <class F>
  void on_lane(std::uint32_t index, F f) {
    std::promise<void> done;
    post(lanes.set[index], [&] {
      f(lanes.set[index]);
      done.set_value();
    });
    done.get_future().wait();
  }
  result<swap_report> swap(std::uint64_t drain_ms = 5'000) {
    auto next = manager.load_apart(test::scripted_library("transport"), request);
    EXPECT_TRUE(next) << next.error().text;
    return subject->swap_to(std::move(*next), {.start_ms = 5'000, .drain_ms = drain_ms});
  }

  test::with_script plugin;
  test::temp_dir dir;
  static inline system_clock time;
  test::lanes_of<test::thread_lane> lanes{2, time};
  plugin_manager manager{{{dir.path / "lib"}, dir.path / "store", {}, 500}, lanes.loops(), time};
  const plugin_request request{"transport", "scripted", "", "mesh", "{}", {}, ""};
  std::unique_ptr<swappable_transport_port> port;
  std::unique_ptr<transport_swap> subject;
  std::shared_ptr<plugin_instance> older;

  std::function<void(plugin_id, std::uint64_t)> before_leaving;
  spawn_status new_one_subscribes = SPAWN_OK;
  bool holds_requests = false;
  std::mutex mutex;
  plugin_id first = nullptr;
  std::map<plugin_id, std::map<std::uint64_t, std::string>> listening;
  std::map<plugin_id, std::vector<std::string>> sent, replied;
  std::vector<std::string> heard, to_answer;
  std::vector<std::pair<plugin_id, spawn_op*>> held;
};

TEST_F(TransportSwap, TheNewOneListensBeforeTheOldOneLeaves) {
  std::size_t listen_when_it_leaves = 0;
  before_leaving = [&](plugin_id h, std::uint64_t) {
    const std::lock_guard hold(mutex);
    EXPECT_EQ(h, first);
    for (const auto& [each, of] : listening) {
      listen_when_it_leaves += each == first ? 0 : of.size();
    }
  };
  const auto report = swap();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(listen_when_it_leaves, 4u) << "both, at each of two";
  EXPECT_EQ(subscriptions(), 2u);
  EXPECT_EQ(older->now(), plugin_instance::state::stopped);
  EXPECT_EQ(report->older_kept, 0u);
}

TEST_F(TransportSwap, WhatBothBringIsHandledOnce) {
  when_first_leaves("news.>", [&](plugin_id second) {
    for (const char* text : {"a", "b", "b"}) {
      EXPECT_TRUE(deliver(second, "news.>", text));
    }
    for (const char* text : {"a", "b", "b"}) {
      EXPECT_TRUE(deliver(first, "news.>", text));
    }
    EXPECT_TRUE(deliver(second, "news.>", "c"));
  });
  const auto report = swap();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_TRUE(deliver(newest(), "news.>", "d"));
  ASSERT_TRUE(test::eventually([&] { return all_heard().size() >= 5; }));
  EXPECT_EQ(all_heard(), (std::vector<std::string>{"a", "b", "b", "c", "d"}));
}

TEST_F(TransportSwap, OfAGroupEachMessageIsHandled) {
  when_first_leaves("calls", [&](plugin_id second) {
    EXPECT_TRUE(deliver(first, "calls", "equal"));
    EXPECT_TRUE(deliver(second, "calls", "equal"));
  });
  ASSERT_TRUE(swap());
  EXPECT_TRUE(test::eventually([&] { return all_heard().size() == 2; }))
      << "they are two: the broker gave one to each";
}

TEST_F(TransportSwap, AMessageIsAnsweredThroughThePluginThatBroughtIt) {
  ASSERT_TRUE(deliver(first, "calls", "question", "inbox.1"));
  ASSERT_TRUE(test::eventually([&] { return all_heard().size() == 1; }));
  const auto report = swap(50);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report->older_kept, 1u);
  EXPECT_EQ(older->now(), plugin_instance::state::started);
  EXPECT_TRUE(subject->tend());
  std::promise<bool> ended;
  on_lane(1, [&](lane& at) {
    port->reply(at, to_answer.front(), {}, "answer",
                [&](const result<transport_message>& how) { ended.set_value(how.has_value()); });
  });
  EXPECT_TRUE(ended.get_future().get());
  {
    const std::lock_guard hold(mutex);
    EXPECT_EQ(replied[first], std::vector<std::string>{"inbox.1"});
    EXPECT_EQ(replied.size(), 1u);
  }
  EXPECT_TRUE(test::eventually([&] { return !subject->tend(); }));
  EXPECT_EQ(older->now(), plugin_instance::state::stopped);
}

TEST_F(TransportSwap, WhatNobodyHasToAnswerIsNotWaitedFor) {
  ASSERT_TRUE(deliver(first, "news.>", "a", "inbox.1"));
  ASSERT_TRUE(test::eventually([&] { return all_heard().size() == 1; }));
  const auto report = swap();
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report->older_kept, 0u);
}

TEST_F(TransportSwap, ARequestEndsThroughThePluginItWentOutBy) {
  holds_requests = true;
  std::promise<bool> answered;
  on_lane(0, [&](lane& at) {
    port->request(at, "far", {}, "question", 0, [&](const result<transport_message>& how) {
      answered.set_value(how.has_value());
    });
  });
  const auto report = swap(50);
  ASSERT_TRUE(report) << report.error().text;
  EXPECT_EQ(report->older_kept, 1u);
  EXPECT_EQ(older->now(), plugin_instance::state::started);
  end_requests();
  EXPECT_TRUE(answered.get_future().get());
  EXPECT_TRUE(test::eventually([&] { return !subject->tend(); }));
  EXPECT_EQ(older->now(), plugin_instance::state::stopped);
}

TEST_F(TransportSwap, WhatIsSentGoesThroughTheNewOne) {
  on_lane(0, [&](lane& at) { port->publish(at, "before", {}, "x"); });
  ASSERT_TRUE(swap());
  on_lane(0, [&](lane& at) { port->publish(at, "after", {}, "x"); });
  on_lane(1, [&](lane& at) { port->publish(at, "after", {}, "x"); });
  const plugin_id second = newest();
  const std::lock_guard hold(mutex);
  EXPECT_EQ(sent[first], std::vector<std::string>{"before"});
  EXPECT_EQ(sent[second], (std::vector<std::string>{"after", "after"}));
}

TEST_F(TransportSwap, OneThatDoesNotStartIsDropped) {
  plugin->start = [](plugin_id h, spawn_op* op) { test::end(h, op, SPAWN_E_UNAVAILABLE); };
  ASSERT_FALSE(swap());
  EXPECT_EQ(subject->serving(), older);
  EXPECT_TRUE(deliver(first, "news.>", "a"));
  EXPECT_TRUE(test::eventually([&] { return all_heard().size() == 1; }));
}

TEST_F(TransportSwap, OneThatCanNotSubscribeIsDropped) {
  new_one_subscribes = SPAWN_E_DENIED;
  const auto report = swap();
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("subscribing to"), std::string::npos) << report.error().text;
  EXPECT_EQ(subject->serving(), older);
  EXPECT_EQ(subscriptions(), 2u);
  EXPECT_TRUE(deliver(first, "news.>", "a"));
  EXPECT_TRUE(deliver(first, "calls", "b"));
  EXPECT_TRUE(test::eventually([&] { return all_heard().size() == 2; }));
  new_one_subscribes = SPAWN_OK;
  EXPECT_TRUE(swap()) << "another one later";
}

TEST_F(TransportSwap, OneWithoutALinkIsDropped) {
  const auto link = [](plugin_id h, std::uint32_t up) {
    static_cast<const spawn_host_transport*>(h->get_interface(h, SPAWN_HOST_TRANSPORT))
        ->link_state(h, up);
  };
  link(first, 1);
  auto next = manager.load_apart(test::scripted_library("transport"), request);
  ASSERT_TRUE(next);
  const auto report = subject->swap_to(std::move(*next), {.start_ms = 50});
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().text.find("has no link"), std::string::npos) << report.error().text;
  EXPECT_EQ(subject->serving(), older);
}

TEST_F(TransportSwap, WhoSubscribesMeanwhileHearsOfTheNewOne) {
  std::atomic<bool> done = false;
  before_leaving = [&](plugin_id, std::uint64_t) {
    if (!done.exchange(true)) {
      port->subscribe(lanes.set[1], "late", {},
                      [this](transport_message m) { hear(std::move(m)); });
    }
  };
  ASSERT_TRUE(swap());
  ASSERT_TRUE(test::eventually([&] { return deliver(newest(), "late", "a"); }));
  EXPECT_TRUE(test::eventually([&] { return all_heard().size() == 1; }));
}

TEST_F(TransportSwap, ManyTimesUnderLoad) {
  std::atomic<bool> over = false;
  std::size_t asked = 0;
  auto load = std::async([&] {
    while (!over) {
      std::promise<bool> answered;
      post(lanes.set[asked % 2], [&, at = &lanes.set[asked % 2]] {
        port->request(*at, "far", {}, "x", 0, [&](const result<transport_message>& how) {
          answered.set_value(how.has_value());
        });
      });
      EXPECT_TRUE(answered.get_future().get());
      ++asked;
    }
  });
  for (int i = 0; i < 20; ++i) {
    const auto report = swap();
    ASSERT_TRUE(report) << report.error().text;
  }
  over = true;
  load.get();
  std::size_t went_out = 0;
  const std::lock_guard hold(mutex);
  for (const auto& [h, all] : sent) {
    went_out += all.size();
  }
  EXPECT_EQ(went_out, asked);
  EXPECT_GT(asked, 0u);
}

}  // namespace
}  // namespace spawn
