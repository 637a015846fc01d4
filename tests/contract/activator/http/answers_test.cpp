// What clients are told.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "contract/activator/http/kernel_stub.hpp"

namespace contract {
namespace {

using testing::HasSubstr;

constexpr const char* orders = R"({"name": "orders", "path": "/orders/{id}", "actor": "order-{id}",
  "parent": "order", "system": "shop", "action": "{query.do}", "order_by": "{header.x-customer}",
  "register_ref": "order-{path.id}"})";
constexpr const char* json_lines = "Content-Type: application/json\r\n";

TEST(Answers, ARequestNamesItsActorAndGetsItsAnswerAsJson) {
  kernel_stub kernel(config_with(orders), [](const offered&) {
    auto out = json_reply(R"({"placed":true})");
    out.headers = {{"X-Version", "7"}, {"Content-Length", "1"}, {"x-bad", "a\r\nb: c"}};
    return out;
  });
  const auto reply = kernel.ask(
      "POST", "/orders/a%20b?do=place&x=1",
      "X-Customer: 17\r\nAuthorization: secret\r\nhttp-method: forged\r\npath-id: forged\r\n"
      "Idempotency-Key: \"k1\"\r\nContent-Type: application/json\r\n",
      R"({"n": 1})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"placed":true})");
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  EXPECT_EQ(reply.headers.at("x-version"), "7");
  EXPECT_FALSE(reply.headers.contains("x-bad")) << "a line break would be a header of its own";
  EXPECT_TRUE(reply.headers.contains("date"));
  const offered one = kernel.take();
  EXPECT_EQ(one.name, "order-a b");
  EXPECT_EQ(one.parent, "order");
  EXPECT_EQ(one.system, "shop");
  EXPECT_EQ(one.action, "place");
  EXPECT_EQ(one.register_ref, "order-a b");
  EXPECT_EQ(one.order_key, "17");
  EXPECT_EQ(one.source, "orders");
  EXPECT_EQ(one.dedup_id, "orders k1");
  EXPECT_EQ(one.content_type, "application/json");
  EXPECT_EQ(one.payload, R"({"n": 1})");
  EXPECT_EQ(one.flags, SPAWN_D_WANT_REPLY);
  EXPECT_NE(one.deadline_ns, 0u);
  EXPECT_EQ(one.header("path-id"), "a b") << "not what the client says";
  EXPECT_EQ(one.header("query-x"), "1");
  EXPECT_EQ(one.header("http-method"), "POST");
  EXPECT_EQ(one.header("http-path"), "/orders/a%20b");
  EXPECT_EQ(one.header("http-remote-address"), "127.0.0.1");
  EXPECT_EQ(one.header("authorization"), "(none)");
}

TEST(Answers, WhatARouteNeedsAndDoesNotGetIsNamed) {
  kernel_stub kernel(config_with(orders));
  const auto no_query = kernel.ask("POST", "/orders/1", "X-Customer: 17\r\n");
  EXPECT_EQ(no_query.status, 400);
  EXPECT_THAT(no_query.body, HasSubstr("query.do is missing"));
  const auto no_header = kernel.ask("POST", "/orders/1?do=place");
  EXPECT_EQ(no_header.status, 400);
  EXPECT_THAT(no_header.body, HasSubstr("header.x-customer is missing"));
  const auto no_text = kernel.ask("POST", "/orders/1?do=place", "X-Customer: caf\xe9\r\n");
  EXPECT_EQ(no_text.status, 400);
  EXPECT_THAT(no_text.body, HasSubstr("is not UTF-8"));
  EXPECT_EQ(kernel.untaken(), 0u);
}

TEST(Answers, A202ComesOnlyWhenTheMessageIsSettled) {
  kernel_stub kernel(config_with(R"({"path": "/events", "reply": false})"));
  http_client http;
  ASSERT_TRUE(http.connect(kernel.port()));
  ASSERT_TRUE(http.send(http_request_text("POST", "/events", {}, "a")));
  const offered one = kernel.take();
  EXPECT_EQ(one.flags, 0u);
  EXPECT_EQ(one.name, "") << "the kernel's routes decide";
  EXPECT_FALSE(http.receive(std::chrono::milliseconds(200))) << "it is not durable yet";
  kernel.settle(one.token, {});
  const auto reply = http.receive(std::chrono::seconds(30));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 202);
  EXPECT_EQ(reply->body, "");
}

TEST(Answers, AFailureIsAProblemWithAStatusOfItsOwn) {
  std::optional<verdict_of_test> next;
  kernel_stub kernel(config_with(R"({"path": "/a"})"), [&](const offered&) { return next; });
  struct expected {
    spawn_status why;
    std::uint32_t verdict;
    int status;
    const char* retry_after;
  };
  const expected all[] = {
      {SPAWN_E_INVALID, SPAWN_ACK, 400, ""},          {SPAWN_E_NOT_FOUND, SPAWN_ACK, 404, ""},
      {SPAWN_E_CONFLICT, SPAWN_ACK, 409, ""},         {SPAWN_E_UNAVAILABLE, SPAWN_ACK, 503, "1"},
      {SPAWN_E_DEADLINE, SPAWN_ACK, 504, ""},         {SPAWN_E_EXHAUSTED, SPAWN_ACK, 429, "1"},
      {SPAWN_E_TOO_LARGE, SPAWN_ACK, 413, ""},        {SPAWN_E_DENIED, SPAWN_ACK, 403, ""},
      {SPAWN_E_UNSUPPORTED, SPAWN_ACK, 501, ""},      {SPAWN_E_UNKNOWN_OUTCOME, SPAWN_ACK, 500, ""},
      {SPAWN_E_INTERNAL, SPAWN_RETRY, 503, "3"},      {SPAWN_E_EXHAUSTED, SPAWN_RETRY, 429, "3"},
      {SPAWN_E_INTERNAL, SPAWN_DEAD, 422, ""},        {SPAWN_E_INVALID, SPAWN_DEAD, 400, ""},
      {SPAWN_E_UNAVAILABLE, SPAWN_RELEASE, 503, "3"},
  };
  for (const auto& one : all) {
    next = failure(one.why, "because", one.verdict);
    next->delay_ms = one.verdict == SPAWN_ACK ? 0 : 2'001;
    const auto reply = kernel.ask("POST", "/a", {}, "x");
    EXPECT_EQ(reply.status, one.status) << one.why << " " << one.verdict;
    EXPECT_EQ(reply.headers.at("content-type"), "application/problem+json");
    EXPECT_EQ(reply.headers.contains("retry-after") ? reply.headers.at("retry-after") : "",
              one.retry_after)
        << one.why << " " << one.verdict;
    const auto body = nlohmann::json::parse(reply.body);
    EXPECT_EQ(body["status"], one.status);
    EXPECT_EQ(body["detail"], "because");
  }
}

TEST(Answers, WithoutAnAnswerInTimeItIs504AndTheRoomStaysTaken) {
  kernel_stub kernel(config_with(R"({"path": "/a"})", R"("deadline_ms": 200, )"));
  kernel.set_window(1);
  EXPECT_EQ(kernel.ask("POST", "/a", {}, "x").status, 504);
  EXPECT_EQ(kernel.ask("POST", "/a", {}, "x").status, 503) << "the first is not settled";
  kernel.settle(kernel.take().token, {});
  EXPECT_EQ(kernel.ask("POST", "/a", {}, "x").status, 504) << "and now it is";
}

TEST(Answers, WithoutRoomItIs503AtOnceOrAfterTheQueue) {
  kernel_stub at_once(config_with(R"({"path": "/a"})"));
  at_once.set_window(0);
  const auto full = at_once.ask("POST", "/a", {}, "x");
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.headers.at("retry-after"), "1");

  kernel_stub queueing(config_with(R"({"path": "/a"})", R"("queue_ms": 20000, )"),
                       [](const offered&) { return verdict_of_test{}; });
  queueing.set_window(0);
  http_client http;
  ASSERT_TRUE(http.connect(queueing.port()));
  ASSERT_TRUE(http.send(http_request_text("POST", "/a", {}, "x")));
  EXPECT_FALSE(http.receive(std::chrono::milliseconds(200)));
  queueing.set_window(1);
  const auto served = http.receive(std::chrono::seconds(30));
  ASSERT_TRUE(served);
  EXPECT_EQ(served->status, 204) << "an actor that answers nothing";
  queueing.set_window(0, true);
  const auto paused = queueing.ask("POST", "/a", {}, "x");
  EXPECT_EQ(paused.status, 503);
  EXPECT_THAT(paused.body, HasSubstr("paused"));
}

TEST(Answers, PathsAndMethodsAreToldApart) {
  kernel_stub kernel(config_with(R"({"path": "/a", "method": "GET"}, {"path": "/a"})"),
                     [](const offered&) { return json_reply("[1]"); });
  EXPECT_EQ(kernel.ask("POST", "/b").status, 404);
  const auto wrong = kernel.ask("PUT", "/a", json_lines, "{}");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.headers.at("allow"), "GET, POST, HEAD, OPTIONS");
  const auto options = kernel.ask("OPTIONS", "/a");
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.at("allow"), "GET, POST, HEAD, OPTIONS");
  const auto head = kernel.ask("HEAD", "/a");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "3");
  const offered one = kernel.take();
  EXPECT_EQ(one.presence, std::uint32_t{SPAWN_P_NOOP}) << "no body, no payload";
  EXPECT_EQ(one.source, "GET /a");
}

TEST(Answers, BodiesThatARouteDoesNotTakeAreRefused) {
  kernel_stub kernel(config_with(
      R"({"path": "/j", "content": "json"}, {"path": "/t", "content": "text"}, {"path": "/c", "content": "cloudevents"}, {"path": "/a"})"));
  EXPECT_EQ(kernel.ask("POST", "/j", json_lines, "{").status, 400);
  EXPECT_EQ(kernel.ask("POST", "/j", json_lines, std::string(500, '[')).status, 400);
  EXPECT_EQ(kernel.ask("POST", "/j", "Content-Type: text/plain\r\n", "{}").status, 415);
  EXPECT_EQ(kernel.ask("POST", "/t", {}, "\xff").status, 400);
  EXPECT_EQ(kernel.ask("POST", "/c", json_lines, "{}").status, 415);
  EXPECT_EQ(kernel.ask("POST", "/a", "Content-Type: application/x+json\r\n", "{").status, 400);
  EXPECT_EQ(kernel.untaken(), 0u);
}

}  // namespace
}  // namespace contract
