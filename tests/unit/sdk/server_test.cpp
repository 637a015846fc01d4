#include <condition_variable>
#include <thread>

#include "host_fixture.hpp"

namespace spawn::sdk::test {
namespace {

class host_server : public host_fixture {
 protected:
  host_server() {
    options_.body_max = 1 << 20;
    app_ = std::make_unique<host>("s", options_);
    app_->actor("a").action("Echo", [](context<>& ctx) { return ctx.echo(); });
  }

  static std::string echo_of(std::size_t bytes) {
    auto in = invocation("a", "Echo");
    in.mutable_value()->set_type_url("t/x");
    in.mutable_value()->set_value(std::string(bytes, 'x'));
    return in.SerializeAsString();
  }

  static std::size_t echoed(const raw_answer& answer) {
    wire::ActorInvocationResponse out;
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(out.ParseFromString(answer.body));
    return out.value().value().size();
  }
};

TEST_F(host_server, a_connection_serves_many_requests_of_all_sizes) {
  for (const std::size_t size : {0U, 1U, 4'000U, 4'096U, 70'000U, 900'000U, 3U}) {
    EXPECT_EQ(echoed(wire().post(echo_of(size))), size);
  }
}

TEST_F(host_server, requests_that_come_together_are_answered_in_order) {
  std::string together;
  for (std::size_t i = 0; i < 100; ++i) {
    together += http_post(echo_of(i));
  }
  wire().send(together);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(echoed(wire().receive()), i);
  }
}

TEST_F(host_server, a_request_may_come_byte_by_byte) {
  for (const char byte : http_post(echo_of(5))) {
    wire().send({&byte, 1});
  }
  EXPECT_EQ(echoed(wire().receive()), 5U);
}

TEST_F(host_server, answers_that_the_peer_does_not_read_yet_are_kept_for_it) {
  constexpr std::size_t size = 500'000;
  constexpr int requests = 40;
  wire();
  std::thread sender([this] {
    for (int i = 0; i < requests; ++i) {
      wire().send(http_post(echo_of(size)));
    }
  });
  // 20 MB do not fit into the sockets: the host has to hold back and go on.
  for (int i = 0; i < requests; ++i) {
    EXPECT_EQ(echoed(wire().receive()), size);
  }
  sender.join();
}

TEST_F(host_server, chunked_bodies_are_taken) {
  const auto body = echo_of(4);
  char size[8];
  std::snprintf(size, sizeof(size), "%zx\r\n", body.size());
  wire().send(
      "POST /api/v1/actors/actions HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" +
      std::string(size) + body + "\r\n0\r\n\r\n");
  EXPECT_EQ(echoed(wire().receive()), 4U);
}

TEST_F(host_server, continue_is_said_before_a_body_that_waits_for_it) {
  const auto all = http_post(echo_of(9), "expect: 100-continue\r\n");
  const auto head = all.find("\r\n\r\n") + 4;
  wire().send(all.substr(0, head));
  const std::string wanted = "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(wire().receive_bytes(wanted.size()), wanted);
  wire().send(all.substr(head));
  EXPECT_EQ(echoed(wire().receive()), 9U);
}

TEST_F(host_server, a_connection_is_closed_when_the_peer_asks_for_it) {
  wire().send(http_post(echo_of(1), "connection: close\r\n"));
  EXPECT_TRUE(wire().receive_all().starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(host_server, what_is_no_request_is_refused_and_closed) {
  wire().send("garbage\r\n\r\n");
  EXPECT_TRUE(wire().receive_all().starts_with("HTTP/1.1 400 "));
  raw_connection large(app_->port());
  large.send("POST / HTTP/1.1\r\ncontent-length: 1048577\r\n\r\n");
  EXPECT_TRUE(large.receive_all().starts_with("HTTP/1.1 413 "));
  raw_connection heads(app_->port());
  heads.send("POST / HTTP/1.1\r\nx: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(heads.receive_all().starts_with("HTTP/1.1 431 "));
}

TEST_F(host_server, other_paths_are_not_found) {
  EXPECT_EQ(wire().post("x", "/other").status, 404);
  wire().send("GET /health HTTP/1.1\r\nhost: h\r\n\r\n");
  EXPECT_EQ(wire().receive().status, 200);
  wire().send("GET /api/v1/actors/actions HTTP/1.1\r\nhost: h\r\n\r\n");
  EXPECT_EQ(wire().receive().status, 405);
}

TEST_F(host_server, an_action_that_blocks_holds_up_no_other_connection) {
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false;
  bool go_on = false;
  app_->actor("slow").action("Wait", [&](context<>&) {
    std::unique_lock lock(mutex);
    inside = true;
    changed.notify_all();
    changed.wait(lock, [&] { return go_on; });
  });
  wire().send(http_post(invocation("slow", "Wait").SerializeAsString()));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside; });
  }
  // One of the two workers is blocked: whichever connection comes, the other one serves it.
  std::vector<std::unique_ptr<raw_connection>> others;
  for (std::size_t i = 0; i < 20; ++i) {
    others.push_back(std::make_unique<raw_connection>(app_->port()));
    EXPECT_EQ(echoed(others.back()->post(echo_of(i))), i);
  }
  {
    const std::lock_guard lock(mutex);
    go_on = true;
  }
  changed.notify_all();
  EXPECT_EQ(wire().receive().status, 200);
}

TEST_F(host_server, many_connections_come_and_go_on_several_workers) {
  wire();
  std::vector<std::thread> peers;
  for (int p = 0; p < 4; ++p) {
    peers.emplace_back([this] {
      for (std::size_t i = 0; i < 100; ++i) {
        raw_connection one(app_->port());
        EXPECT_EQ(echoed(one.post(echo_of(i))), i);
        EXPECT_EQ(echoed(one.post(echo_of(i + 1))), i + 1);
      }
    });
  }
  for (auto& peer : peers) {
    peer.join();
  }
}

}  // namespace
}  // namespace spawn::sdk::test
