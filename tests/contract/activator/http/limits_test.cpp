// Clients that are slow, too large, too many, or not speaking HTTP.
#include <gmock/gmock.h>

#include "contract/activator/http/kernel_stub.hpp"

namespace contract {
namespace {

using testing::HasSubstr;
constexpr auto patience = std::chrono::seconds(30);
constexpr const char* route = R"({"path": "/a", "reply": false})";

std::optional<verdict_of_test> done(const offered&) {
  return verdict_of_test{};
}

int status_of_raw(std::uint16_t port, std::string_view bytes) {
  http_client http;
  if (!http.connect(port) || !http.send(bytes)) {
    return -1;
  }
  const auto reply = http.receive(patience);
  return reply ? reply->status : 0;
}

TEST(Limits, WhatIsNotARequestIsRefusedAndTheConnectionEnds) {
  kernel_stub kernel(config_with(route), done);
  for (const std::string_view bad :
       {"GARBAGE\r\n\r\n", "POST /a HTTP/1.1\r\nContent-Length: 1\r\n\r\nx",
        "POST /a HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 1\r\n\r\nx",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: "
        "chunked\r\n\r\n0\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "POST /%zz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        "POST /%ff HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        "POST /a?b=%00 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        "POST a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx",
        "POST /a HTTP/1.1\r\nHost: a\r\nX-A: \xff\r\nContent-Length: 1\r\n\r\nx"}) {
    EXPECT_EQ(status_of_raw(kernel.port(), bad), 400) << bad;
  }
  EXPECT_EQ(kernel.untaken(), 0u);
  EXPECT_EQ(
      status_of_raw(kernel.port(),
                    "POST http://test/a HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx"),
      202)
      << "a target as proxies get it";
}

TEST(Limits, HeadersAndBodiesAreBounded) {
  kernel_stub kernel(config_with(route, R"("header_bytes_max": 1024, "body_bytes_max": 1000, )"),
                     done);
  EXPECT_EQ(kernel.ask("POST", "/a", {}, std::string(1'000, 'x')).status, 202);
  const auto large = kernel.ask("POST", "/a", {}, std::string(1'001, 'x'));
  EXPECT_EQ(large.status, 413);
  EXPECT_THAT(large.body, HasSubstr("1000 bytes"));
  EXPECT_EQ(kernel.ask("POST", "/a", "X-A: " + std::string(800, 'x') + "\r\n").status, 202);
  EXPECT_EQ(kernel.ask("POST", "/a", "X-A: " + std::string(1'100, 'x') + "\r\n").status, 431);
  const std::string chunked = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(
      status_of_raw(kernel.port(), chunked + "3e8\r\n" + std::string(1'000, 'x') + "\r\n0\r\n\r\n"),
      202);
  EXPECT_EQ(status_of_raw(kernel.port(), chunked + "3e8\r\n" + std::string(1'000, 'x') +
                                             "\r\n1\r\nx\r\n0\r\n\r\n"),
            413);
}

TEST(Limits, BodiesUnderWayShareABound) {
  kernel_stub kernel(config_with(route, R"("body_bytes_max": 1000, "reading_bytes_max": 1500, )"),
                     done);
  http_client first;
  ASSERT_TRUE(first.connect(kernel.port()));
  ASSERT_TRUE(
      first.send("POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                 "Content-Length: 1000\r\n\r\n"));
  const auto go_on = first.receive(patience);
  ASSERT_TRUE(go_on);
  EXPECT_EQ(go_on->status, 100);
  EXPECT_EQ(kernel.ask("POST", "/a", {}, std::string(501, 'x')).status, 503);
  EXPECT_EQ(kernel.ask("POST", "/a", {}, std::string(500, 'x')).status, 202);
  ASSERT_TRUE(first.send(std::string(1'000, 'x')));
  const auto reply = first.receive(patience);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 202);
  EXPECT_EQ(kernel.ask("POST", "/a", {}, std::string(1'000, 'x')).status, 202)
      << "the bytes of a body that was read are given back";
}

TEST(Limits, ABodyIsNotAskedForWhenItWouldBeRefused) {
  kernel_stub kernel(config_with(route, R"("body_bytes_max": 1000, )"), done);
  const std::string expect = "Expect: 100-continue\r\nContent-Length: ";
  const std::string host = " HTTP/1.1\r\nHost: a\r\n";
  EXPECT_EQ(status_of_raw(kernel.port(), "POST /b" + host + expect + "5\r\n\r\n"), 404);
  EXPECT_EQ(status_of_raw(kernel.port(), "POST /a" + host + expect + "1001\r\n\r\n"), 413);
  EXPECT_EQ(
      status_of_raw(kernel.port(), "POST /a" + host + "Expect: tea\r\nContent-Length: 1\r\n\r\nx"),
      417);
  kernel.set_window(0);
  EXPECT_EQ(status_of_raw(kernel.port(), "POST /a" + host + expect + "5\r\n\r\n"), 503);
}

TEST(Limits, WhoIsSlowIsCutOff) {
  kernel_stub kernel(config_with(route, R"("read_ms": 300, "idle_ms": 300, )"), done);
  http_client silent;
  ASSERT_TRUE(silent.connect(kernel.port()));
  EXPECT_TRUE(silent.is_closed_within(patience)) << "a connection without a request";
  http_client half_header;
  ASSERT_TRUE(half_header.connect(kernel.port()));
  ASSERT_TRUE(half_header.send("POST /a HTTP/1.1\r\nHost:"));
  EXPECT_TRUE(half_header.is_closed_within(patience));
  http_client half_body;
  ASSERT_TRUE(half_body.connect(kernel.port()));
  ASSERT_TRUE(half_body.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx"));
  EXPECT_TRUE(half_body.is_closed_within(patience));
  EXPECT_EQ(kernel.untaken(), 0u);
}

TEST(Limits, AtTheLastConnectionOthersWait) {
  kernel_stub kernel(config_with(route, R"("connections_max": 1, )"), done);
  http_client first, second;
  ASSERT_TRUE(first.connect(kernel.port()));
  ASSERT_TRUE(first.send(http_request_text("POST", "/a", {}, "1")));
  ASSERT_TRUE(first.receive(patience));
  ASSERT_TRUE(second.connect(kernel.port()));
  ASSERT_TRUE(second.send(http_request_text("POST", "/a", {}, "2")));
  EXPECT_FALSE(second.receive(std::chrono::milliseconds(300)));
  first.close();
  const auto reply = second.receive(patience);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 202);
}

TEST(Limits, RequestsInARowAreAnsweredInTheirOrder) {
  kernel_stub kernel(config_with(R"({"path": "/{n}"})"),
                     [](const offered& one) { return json_reply(one.header("path-n")); });
  http_client http;
  ASSERT_TRUE(http.connect(kernel.port()));
  std::string all;
  for (int i = 1; i <= 5; ++i) {
    all += http_request_text("POST", "/" + std::to_string(i), {}, "x");
  }
  ASSERT_TRUE(http.send(all));
  for (int i = 1; i <= 5; ++i) {
    const auto reply = http.receive(patience);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, std::to_string(i));
  }
  ASSERT_TRUE(http.send("POST /6 HTTP/1.0\r\nContent-Length: 1\r\n\r\nx"));
  const auto old = http.receive(patience);
  ASSERT_TRUE(old);
  EXPECT_EQ(old->body, "6");
  EXPECT_TRUE(http.is_closed_within(patience)) << "HTTP/1.0 has one request per connection";
}

TEST(Limits, AQuiescedOneAnswersWhatItHasAndListensNoMore) {
  kernel_stub kernel(config_with(route));
  http_client busy, idle;
  ASSERT_TRUE(idle.connect(kernel.port()));
  ASSERT_TRUE(busy.connect(kernel.port()));
  ASSERT_TRUE(busy.send(http_request_text("POST", "/a", {}, "x")));
  const offered one = kernel.take();
  kernel.quiesce();
  EXPECT_TRUE(idle.is_closed_within(patience));
  EXPECT_FALSE(http_client().connect(kernel.port()));
  kernel.settle(one.token, {});
  const auto reply = busy.receive(patience);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 202);
  EXPECT_EQ(reply->headers.at("connection"), "close");
  EXPECT_TRUE(busy.is_closed_within(patience));
}

}  // namespace
}  // namespace contract
