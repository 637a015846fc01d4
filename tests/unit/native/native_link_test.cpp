// Calls of cells to actors that run in a plugin of this process.
#include "native/native_link.hpp"

#include "unit/native/stage.hpp"
#include "wire/common.hpp"
#include "wire/host_call.hpp"

namespace spawn {
namespace {

using test::stage;
using test::value_of;

struct next_link final : host_link {
  void send(host_call& call) override { sent.push_back(&call); }
  std::vector<host_call*> sent;
};

struct a_call : host_call {
  a_call() {
    done = [](host_call& ended) { ++static_cast<a_call&>(ended).ends; };
  }
  int ends = 0;
};

struct NativeLink : ::testing::Test {
  NativeLink() {
    auto host = std::make_shared<host_address>();
    host->name = "native:fake";
    host->native = 0;
    native = std::move(host);
    link = std::make_unique<native_link>(*s.lanes[0], next,
                                         std::vector<native_host>{{&s, &s.types, s.live[0].get()}});
  }
  ~NativeLink() override {
    for (auto& each : s.live) {
      each->close();  // while the link is there
    }
    s.drive();
  }
  void send(a_call& call, const std::string& parent, const std::string& name) {
    wire::host_request request;
    request.self = {"sys", parent, name};
    request.action = "Ask";
    std::string any;
    wire::append_any(any, "type.googleapis.com/x.Y", "argument");
    request.argument = {presence::value, any};
    wire::append_host_request(call.body, request);
    call.to = native;
    call.deadline_ns = s.time.now_ns() + ns_per_s;
    link->send(call);
  }
  spawn_actors_call& op(std::size_t i) {
    return *reinterpret_cast<spawn_actors_call*>(s.submitted.at(i));
  }
  static void end(spawn_actors_call& call, spawn_status status, std::string_view answer) {
    call.op.status = status;
    (status == SPAWN_OK ? call.answer : call.op.error) = {answer.data(), answer.size(), nullptr,
                                                          nullptr};
    ASSERT_TRUE(port_op::end(call.op));
  }

  stage s;
  next_link next;
  std::shared_ptr<const host_address> native;
  std::unique_ptr<native_link> link;
};

TEST_F(NativeLink, CallsToOtherHostsGoOn) {
  a_call call;
  call.to = std::make_shared<host_address>();
  link->send(call);
  EXPECT_EQ(next.sent, std::vector<host_call*>{&call});
}

TEST_F(NativeLink, TheCallsOfATurnGoToThePluginTogether) {
  a_call one, two;
  send(one, "Durable", "a");
  send(two, "Durable", "b");
  EXPECT_TRUE(s.submitted.empty());
  s.drive();
  ASSERT_EQ(s.submitted.size(), 2u);
  end(op(1), SPAWN_OK, "second");
  end(op(0), SPAWN_OK, "first");
  s.drive();
  EXPECT_EQ(one.ends + two.ends, 2);
  EXPECT_EQ(one.result, host_result::answered);
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.answer, "first");
  EXPECT_EQ(two.answer, "second");
}

TEST_F(NativeLink, AnErrorIsAsAHostWouldHaveSaidIt) {
  a_call full, broken;
  send(full, "Durable", "a");
  send(broken, "Durable", "b");
  s.drive();
  end(op(0), SPAWN_E_EXHAUSTED, "too much to do");
  end(op(1), SPAWN_E_INVALID, "no such order");
  s.drive();
  EXPECT_EQ(full.result, host_result::refused);
  EXPECT_EQ(full.why, "too much to do");
  EXPECT_EQ(broken.result, host_result::answered);
  EXPECT_EQ(broken.status, 500);
  EXPECT_EQ(broken.answer, "no such order");
}

TEST_F(NativeLink, APluginThatDoesNotEndACallIsNotWaitedFor) {
  a_call call;
  send(call, "Durable", "a");
  s.drive();
  s.pass_ms(1'100);
  EXPECT_EQ(call.ends, 1);
  EXPECT_EQ(call.result, host_result::timed_out);
  end(op(0), SPAWN_OK, "late");
  s.drive();
  EXPECT_EQ(call.ends, 1);
}

TEST_F(NativeLink, ALiveActorIsAskedAndItsAnswerIsOfTheProtocol) {
  const std::string name = s.node_on(0);
  s.act = [&](const spawn_live_host& h, test::fake_object&, const spawn_live_message& m) {
    spawn_payload p = value_of("result");
    p.type_url = slice_of("type.googleapis.com/x.Z");
    h.reply(h.data, m.token, SPAWN_OK, &p);
  };
  a_call call;
  send(call, "Node", name);
  EXPECT_EQ(call.ends, 0) << "never within send";
  s.drive();
  ASSERT_EQ(call.ends, 1);
  EXPECT_EQ(s.values_of(name), std::vector<std::string>{"argument"});
  const auto read = wire::read_host_response(call.answer);
  ASSERT_TRUE(read) << read.error().text;
  wire::any_view any;
  ASSERT_TRUE(wire::read_any(read->value.any, any));
  EXPECT_EQ(any.type_url, "type.googleapis.com/x.Z");
  EXPECT_EQ(any.value, "result");
  EXPECT_FALSE(read->has_state);
}

TEST_F(NativeLink, ALiveActorsRefusalIsAnErrorOfTheApplication) {
  const std::string name = s.node_on(0);
  s.act = [&](const spawn_live_host& h, test::fake_object&, const spawn_live_message& m) {
    const spawn_payload p = value_of("no");
    h.reply(h.data, m.token, SPAWN_E_DENIED, &p);
  };
  a_call call;
  send(call, "Node", name);
  s.drive();
  EXPECT_EQ(call.result, host_result::answered);
  EXPECT_EQ(call.status, 500);
  EXPECT_EQ(call.answer, "no");
}

}  // namespace
}  // namespace spawn
