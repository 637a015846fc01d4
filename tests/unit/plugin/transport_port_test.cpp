#include <gtest/gtest.h>

#include "plugin/instance.hpp"
#include "plugin/ports/loaded_transport_port.hpp"
#include "plugin/ports/make_ports.hpp"
#include "unit/plugin/scripted.hpp"
#include "unit/plugin/test_lane.hpp"

namespace spawn {
namespace {

struct TransportPort : ::testing::Test {
  void make(const std::string& which) {
    plugin->submit = [this](const spawn_host* h, std::span<spawn_op* const> ops) {
      host = h;
      for (spawn_op* op : ops) {
        if (op->code == SPAWN_TP_SUBSCRIBE || op->code == SPAWN_TP_UNSUBSCRIBE) {
          const auto& sub = *reinterpret_cast<spawn_tp_sub*>(op);
          log += op->code == SPAWN_TP_SUBSCRIBE ? "sub " + std::string(view_of(sub.pattern)) + " " +
                                                      std::string(view_of(sub.queue_group)) +
                                                      std::to_string(sub.initial_credit) + ";"
                                                : "unsub " + std::to_string(sub.sub_id) + ";";
          sub_id = sub.sub_id;
        } else {
          auto& send = *reinterpret_cast<spawn_tp_send*>(op);
          if (op->code == SPAWN_TP_REQUEST && answer == SPAWN_OK) {
            send.out_reply = {"pong", 4, nullptr, nullptr};
            send.out_headers = &reply_header;
            send.n_out_headers = 1;
          }
          log += op->code == SPAWN_TP_REQUEST ? "ask "
                 : op->code == SPAWN_TP_REPLY ? "reply "
                                              : "pub ";
          log += std::string(view_of(send.subject)) + " " + std::string(view_of(send.payload[0]));
          for (std::uint32_t i = 0; i < send.n_headers; ++i) {
            log += " " + std::string(view_of(send.headers[i].key)) + "=" +
                   std::string(view_of(send.headers[i].value));
          }
          log += ";";
        }
        test::end(h, op, answer);
      }
    };
    plugin->grant = [this](std::uint64_t, std::uint32_t credit) { granted += credit; };
    auto made = plugin_instance::create(test::scripted_library(which), time,
                                        {"mesh", "{}", {}, hand.loops(), 200});
    ASSERT_TRUE(made) << made.error().text;
    instance = std::move(*made);
    auto got = make_transport_port(*instance);
    ASSERT_TRUE(got) << got.error().text;
    port = std::move(*got);
    ASSERT_TRUE(instance->start(1'000));
  }
  void TearDown() override {
    instance->lanes_stopped();
    port.reset();
    instance.reset();
  }
  void drive() {
    for (int i = 0; i < 4; ++i) {
      hand[0].drive();
      hand[1].drive();
    }
  }
  // Delivers n messages with a payload that counts its release.
  void deliver(std::uint64_t sub, std::uint32_t n) {
    const auto* table =
        static_cast<const spawn_host_transport*>(host->get_interface(host, SPAWN_HOST_TRANSPORT));
    for (std::uint32_t i = 0; i < n; ++i) {
      spawn_tp_message m{};
      m.sub_id = sub;
      m.subject = slice_of("a.b");
      m.payload = {"hello", 5,
                   [](void* ctx, const void*, std::uint64_t) { ++*static_cast<int*>(ctx); },
                   &released};
      table->deliver(host, 0, &m, 1);
    }
  }
  test::with_script plugin;
  manual_clock time;
  test::lanes_of<test::hand_lane> hand{2, time};
  std::unique_ptr<plugin_instance> instance;
  std::unique_ptr<transport_port> port;
  const spawn_host* host = nullptr;
  std::string log;
  std::uint64_t sub_id = 0;
  std::uint32_t granted = 0;
  int released = 0;
  spawn_status answer = SPAWN_OK;
  const spawn_kv reply_header{slice_of("h"), slice_of("v")};
};

TEST_F(TransportPort, PublishesACopyWithHeaders) {
  make("transport");
  {
    std::string subject = "shop.orders";
    std::string payload = "bytes";
    const std::pair<std::string_view, std::string_view> headers[] = {{"k", "v"}, {"x", ""}};
    port->publish(hand[1], subject, headers, payload);
  }
  drive();
  EXPECT_EQ(log, "pub shop.orders bytes k=v x=;");
  EXPECT_EQ(instance->counters().in_flight, 0u);
}

TEST_F(TransportPort, LetsLaneZeroCallAPluginWithOneChannel) {
  make("transport_one");
  port->publish(hand[1], "s", {}, "p");
  EXPECT_EQ(log, "");
  hand[1].drive();
  EXPECT_EQ(log, "");
  drive();
  EXPECT_EQ(log, "pub s p;");
}

TEST_F(TransportPort, CountsPublishesThatFailAndGoesOn) {
  make("transport");
  answer = SPAWN_E_UNAVAILABLE;
  port->publish(hand[0], "s", {}, "p");
  drive();
  EXPECT_EQ(instance->counters().failed_publishes, 1u);
  answer = SPAWN_OK;
  port->publish(hand[0], "s", {}, "p");
  drive();
  EXPECT_EQ(instance->counters().failed_publishes, 1u);
}

TEST_F(TransportPort, BoundsThePublishesInFlight) {
  make("transport");
  std::vector<spawn_op*> open;
  plugin->submit = [&](const spawn_host* h, std::span<spawn_op* const> ops) {
    host = h;
    open.insert(open.end(), ops.begin(), ops.end());
  };
  for (std::size_t i = 0; i <= loaded_transport_port::publishes_max; ++i) {
    port->publish(hand[0], "s", {}, "p");
  }
  EXPECT_EQ(open.size(), loaded_transport_port::publishes_max);
  EXPECT_EQ(instance->counters().failed_publishes, 1u);
  host->complete(host, open.data(), static_cast<std::uint32_t>(open.size()));
  drive();
  port->publish(hand[0], "s", {}, "p");
  EXPECT_EQ(open.size(), loaded_transport_port::publishes_max + 1);
  test::end(host, open.back());
  drive();
}

TEST_F(TransportPort, DeliversOnTheLaneThatAskedAndGrantsCreditBack) {
  for (const char* which : {"transport", "transport_one"}) {
    make(which);
    int got = 0;
    granted = 0;
    released = 0;
    log.clear();
    port->subscribe(hand[1], "a.*", "", [&](transport_message m) {
      EXPECT_EQ(m.subject, "a.b");
      EXPECT_EQ(m.payload, "hello");
      ++got;
    });
    drive();
    EXPECT_EQ(log, "sub a.* 256;");
    deliver(sub_id, 200);
    EXPECT_EQ(released, 200);
    hand[0].drive();
    EXPECT_EQ(got, 0) << "not on another lane";
    drive();
    EXPECT_EQ(got, 200);
    EXPECT_EQ(granted, 192u) << "three quarters of the window came back";
    if (std::string(which) == "transport") {
      TearDown();
    }
  }
}

TEST_F(TransportPort, DropsWhatIsBeyondTheCreditOrForNobody) {
  make("transport");
  int got = 0;
  port->subscribe(hand[0], ">", "", [&](transport_message) { ++got; });
  drive();
  deliver(sub_id, loaded_transport_port::credit_max + 10);
  deliver(99, 1);
  EXPECT_EQ(released, static_cast<int>(loaded_transport_port::credit_max) + 11);
  drive();
  EXPECT_EQ(got, static_cast<int>(loaded_transport_port::credit_max));
  deliver(sub_id, 1);
  drive();
  EXPECT_EQ(got, static_cast<int>(loaded_transport_port::credit_max) + 1) << "credit is back";
}

TEST_F(TransportPort, SubscribesAgainAfterTheTransportWasAway) {
  make("transport");
  answer = SPAWN_E_UNAVAILABLE;
  port->subscribe(hand[0], "x", "", [](transport_message) {});
  drive();
  answer = SPAWN_OK;
  time.advance_ns(2 * loaded_transport_port::subscribe_again_ms * ns_per_ms);
  drive();
  EXPECT_EQ(log, "sub x 256;sub x 256;");
}

TEST_F(TransportPort, BringsTheReplyOfARequestToTheLaneThatAsked) {
  for (const char* which : {"transport", "transport_one"}) {
    make(which);
    log.clear();
    std::vector<result<transport_message>> got;
    port->request(hand[1], "s", {}, "ping", 0,
                  [&](auto reply) { got.push_back(std::move(reply)); });
    drive();
    EXPECT_EQ(log, "ask s ping;");
    ASSERT_EQ(got.size(), 1u);
    ASSERT_TRUE(got[0]);
    EXPECT_EQ(got[0]->payload, "pong");
    ASSERT_NE(got[0]->header("h"), nullptr);
    EXPECT_EQ(*got[0]->header("h"), "v");
    EXPECT_EQ(got[0]->header("H"), nullptr);
    if (std::string(which) == "transport") {
      TearDown();
    }
  }
}

TEST_F(TransportPort, TellsWhyARequestHasNoReply) {
  make("transport");
  errc why = errc::ok;
  const auto ask = [&] {
    port->request(hand[0], "s", {}, "p", 0, [&](const result<transport_message>& reply) {
      why = reply ? errc::ok : reply.error().code;
    });
    drive();
  };
  for (const spawn_status status : {SPAWN_E_NOT_FOUND, SPAWN_E_UNKNOWN_OUTCOME}) {
    answer = status;
    ask();
    EXPECT_EQ(why, static_cast<errc>(status));
  }
  EXPECT_EQ(instance->counters().failed_publishes, 0u) << "its asker hears of it";
}

TEST_F(TransportPort, BoundsTheRequestsInFlight) {
  make("transport");
  std::vector<spawn_op*> open;
  plugin->submit = [&](const spawn_host* h, std::span<spawn_op* const> ops) {
    host = h;
    open.insert(open.end(), ops.begin(), ops.end());
  };
  std::size_t refused = 0, ended = 0;
  for (std::size_t i = 0; i < loaded_transport_port::publishes_max + 3; ++i) {
    port->request(hand[0], "s", {}, "p", 0, [&](const result<transport_message>& reply) {
      ++ended;
      refused += !reply && reply.error().code == errc::exhausted ? 1 : 0;
    });
  }
  EXPECT_EQ(ended, 0u) << "never within the call";
  drive();
  EXPECT_EQ(refused, 3u);
  port->publish(hand[0], "s", {}, "p");
  EXPECT_EQ(open.size(), loaded_transport_port::publishes_max + 1) << "they do not hold up others";
  host->complete(host, open.data(), static_cast<std::uint32_t>(open.size()));
  drive();
  EXPECT_EQ(ended, loaded_transport_port::publishes_max + 3);
}

TEST_F(TransportPort, RepliesSubscribesInAGroupAndUnsubscribes) {
  make("transport");
  int over = 0;
  port->reply(hand[0], "inbox.1", {}, "p", nullptr);
  const auto id = port->subscribe(hand[1], "x", "group-", [](transport_message) {});
  drive();
  EXPECT_EQ(log, "reply inbox.1 p;sub x group-256;");
  log.clear();
  port->unsubscribe(id, [&] { ++over; });
  drive();
  EXPECT_EQ(log, "unsub " + std::to_string(id) + ";");
  port->unsubscribe(id, [&] { ++over; });
  drive();
  EXPECT_EQ(log, "unsub " + std::to_string(id) + ";") << "once";
  EXPECT_EQ(over, 2) << "and whoever asks hears of it";
}

TEST_F(TransportPort, DoesNotSubscribeAgainOnceItIsOver) {
  make("transport");
  answer = SPAWN_E_UNAVAILABLE;
  const auto id = port->subscribe(hand[0], "x", "", [](transport_message) {});
  int over = 0;
  drive();
  port->unsubscribe(id, [&] { ++over; });
  drive();
  log.clear();
  time.advance_ns(2 * loaded_transport_port::subscribe_again_ms * ns_per_ms);
  drive();
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace spawn
