// What bodies become: CloudEvents, protobuf messages; and who may send them.
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "contract/activator/http/kernel_stub.hpp"

namespace contract {
namespace {

using testing::HasSubstr;

std::optional<verdict_of_test> done(const offered&) {
  return verdict_of_test{};
}

constexpr const char* events = R"({"name": "events", "path": "/events", "content": "cloudevents",
  "reply": false, "action": "{header.ce-type}"})";

TEST(CloudEvents, InBinaryModeTheAttributesAreHeaders) {
  kernel_stub kernel(config_with(events), done);
  const auto reply =
      kernel.ask("POST", "/events",
                 "ce-specversion: 1.0\r\nce-type: com.example.someevent\r\n"
                 "ce-source: /mycontext\r\nce-id: 1234-1234\r\nce-note: Euro%20%E2%82%AC\r\n"
                 "Content-Type: application/json; charset=utf-8\r\n",
                 R"({"a":1})");
  EXPECT_EQ(reply.status, 202);
  const offered one = kernel.take();
  EXPECT_EQ(one.action, "com.example.someevent");
  EXPECT_EQ(one.dedup_id, "/mycontext 1234-1234");
  EXPECT_EQ(one.header("ce-note"), "Euro \xe2\x82\xac");
  EXPECT_EQ(one.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(one.payload, R"({"a":1})");
}

TEST(CloudEvents, InStructuredModeTheBodyHoldsAll) {
  kernel_stub kernel(config_with(events), done);
  const auto send = [&](const std::string& body) {
    return kernel.ask("POST", "/events",
                      "ce-id: forged\r\nContent-Type: application/cloudevents+json\r\n", body);
  };
  const std::string head =
      R"({"specversion":"1.0","type":"t","source":"s","id":"1","n":7,"b":true,"o":null)";
  EXPECT_EQ(send(head + R"(,"data":{"x":[1,2]}})").status, 202);
  const offered json = kernel.take();
  EXPECT_EQ(json.payload, R"({"x":[1,2]})");
  EXPECT_EQ(json.content_type, "application/json");
  EXPECT_EQ(json.header("ce-id"), "1");
  EXPECT_EQ(json.header("ce-n"), "7");
  EXPECT_EQ(json.header("ce-b"), "true");
  EXPECT_EQ(json.header("ce-o"), "(none)");
  EXPECT_EQ(send(head + R"(,"datacontenttype":"text/xml","data":"<a/>"})").status, 202);
  EXPECT_EQ(kernel.take().payload, "<a/>");
  EXPECT_EQ(send(head + R"(,"data_base64":"AAH/"})").status, 202);
  EXPECT_EQ(kernel.take().payload, std::string("\0\1\xff", 3));
  EXPECT_EQ(send(head + "}").status, 202);
  EXPECT_EQ(kernel.take().presence, std::uint32_t{SPAWN_P_NOOP});
}

TEST(CloudEvents, WhatIsNoneIsRefused) {
  kernel_stub kernel(config_with(events), done);
  for (const std::string body :
       {"[]", "1", "{", R"({"specversion":"1.0","type":"t","source":"s"})",
        R"({"specversion":"0.3","type":"t","source":"s","id":"1"})",
        R"({"specversion":"1.0","type":"t","source":"s","id":""})",
        R"({"specversion":"1.0","type":"t","source":"s","id":"1","Upper":"x"})",
        R"({"specversion":"1.0","type":"t","source":"s","id":"1","x":{}})",
        R"({"specversion":"1.0","type":"t","source":"s","id":"1","data_base64":"A"})",
        R"({"specversion":"1.0","type":"t","source":"s","id":"1","data":1,"data_base64":""})"}) {
    EXPECT_EQ(kernel.ask("POST", "/events", "Content-Type: application/cloudevents+json\r\n", body)
                  .status,
              400)
        << body;
  }
  EXPECT_EQ(kernel.ask("POST", "/events", "ce-specversion: 1.0\r\nce-id: 1\r\n", "x").status, 400);
  EXPECT_EQ(kernel.untaken(), 0u);
}

TEST(CloudEvents, ABatchIsDoneInOrderAndStopsAtTheFirstThatFails) {
  kernel_stub kernel(config_with(events, R"("batch_events_max": 3, )"), [](const offered& one) {
    return one.header("ce-id") == "2" ? failure(SPAWN_E_INVALID, "no such thing")
                                      : verdict_of_test{};
  });
  const auto send = [&](const std::vector<std::string>& ids) {
    std::string body;
    for (const auto& id : ids) {
      body += body.empty() ? "[" : ",";
      body += R"({"specversion":"1.0","type":"t","source":"s","id":")" + id + R"("})";
    }
    return kernel.ask("POST", "/events", "Content-Type: application/cloudevents-batch+json\r\n",
                      body + "]");
  };
  EXPECT_EQ(send({"1", "3"}).status, 202);
  EXPECT_EQ(kernel.take().dedup_id, "s 1");
  EXPECT_EQ(kernel.take().dedup_id, "s 3");
  const auto wrong = send({"1", "2", "3"});
  EXPECT_EQ(wrong.status, 400);
  EXPECT_THAT(wrong.body, HasSubstr("event 1 of the batch: no such thing"));
  EXPECT_EQ(kernel.untaken(), 2u) << "the third was not offered";
  EXPECT_EQ(send({"1", "3", "4", "5"}).status, 413);
}

constexpr const char* typed = R"({"path": "/orders", "message": "shop.Order"})";
const std::string descriptor_file = R"("descriptors": ")" SPAWN_TEST_DESCRIPTORS R"(", )";
// shop.Order{id: "a", pieces: 3}
const std::string order_bytes =
    "\x0a\x01"
    "a"
    "\x10\x03";

TEST(Protobuf, JsonBecomesTheMessageAndTheAnswerJson) {
  kernel_stub kernel(config_with(typed, descriptor_file), [](const offered&) {
    verdict_of_test out;
    out.presence = SPAWN_P_VALUE;
    out.type_url = "type.googleapis.com/shop.Placed";
    out.value =
        "\x0a\x01"
        "a"
        "\x10\x01";
    return out;
  });
  const auto reply = kernel.ask("POST", "/orders", "Content-Type: application/json\r\n",
                                R"({"id": "a", "pieces": 3})");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, R"({"id":"a","first":true})");
  const offered one = kernel.take();
  EXPECT_EQ(one.type_url, "type.googleapis.com/shop.Order");
  EXPECT_EQ(one.payload, order_bytes);
  const auto binary = kernel.ask(
      "POST", "/orders", "Accept: application/protobuf\r\nContent-Type: application/protobuf\r\n",
      order_bytes);
  EXPECT_EQ(binary.status, 200);
  EXPECT_EQ(binary.headers.at("content-type"), "application/protobuf");
  EXPECT_EQ(binary.headers.at("spawn-type-url"), "type.googleapis.com/shop.Placed");
  EXPECT_EQ(binary.body,
            "\x0a\x01"
            "a"
            "\x10\x01");
  EXPECT_EQ(kernel.take().payload, order_bytes);
}

TEST(Protobuf, WhatIsNotThatMessageIsRefused) {
  kernel_stub kernel(config_with(typed, descriptor_file), done);
  const auto json = [&](const std::string& body) {
    return kernel.ask("POST", "/orders", "Content-Type: application/json\r\n", body);
  };
  const auto unknown = json(R"({"id": "a", "colour": "red"})");
  EXPECT_EQ(unknown.status, 400);
  EXPECT_THAT(unknown.body, HasSubstr("colour"));
  EXPECT_EQ(json(R"({"pieces": "many"})").status, 400);
  EXPECT_EQ(json("{").status, 400);
  EXPECT_EQ(
      kernel.ask("POST", "/orders", "Content-Type: application/protobuf\r\n", "\x0a\x7f").status,
      400);
  EXPECT_EQ(kernel.ask("POST", "/orders", "Content-Type: text/plain\r\n", "a").status, 415);
  EXPECT_EQ(kernel.untaken(), 0u);
}

TEST(Protobuf, AnAnswerOfAnUnknownTypeIsItsBytes) {
  kernel_stub kernel(config_with(R"({"path": "/a"})"), [](const offered&) {
    verdict_of_test out;
    out.presence = SPAWN_P_VALUE;
    out.type_url = "type.googleapis.com/other.Thing";
    out.value = std::string("\0\1", 2);
    return out;
  });
  const auto reply = kernel.ask("POST", "/a", {}, "x");
  EXPECT_EQ(reply.headers.at("content-type"), "application/octet-stream");
  EXPECT_EQ(reply.headers.at("spawn-type-url"), "type.googleapis.com/other.Thing");
  EXPECT_EQ(reply.body, std::string("\0\1", 2));
}

std::string hex_hmac(const std::string& secret, const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[out[i] >> 4];
    hex += "0123456789abcdef"[out[i] & 15];
  }
  return hex;
}

TEST(Auth, OnlyKnownBearersPass) {
  kernel_stub kernel(config_with(R"({"path": "/a"}, {"path": "/open", "auth": {}})",
                                 R"("auth": {"bearer": {"tokens": ["first", "second"]}}, )"),
                     done);
  const auto with = [&](const std::string& header) {
    return kernel.ask("POST", "/a", header.empty() ? "" : "Authorization: " + header + "\r\n", "x");
  };
  EXPECT_EQ(with("Bearer first").status, 204);
  EXPECT_EQ(with("bearer second").status, 204);
  for (const char* bad : {"", "Bearer ", "Bearer firs", "Bearer firstt", "Basic first", "first"}) {
    const auto reply = with(bad);
    EXPECT_EQ(reply.status, 401) << bad;
    EXPECT_THAT(reply.headers.at("www-authenticate"), HasSubstr("Bearer"));
  }
  EXPECT_EQ(kernel.ask("POST", "/open", {}, "x").status, 204);
}

TEST(Auth, ASignatureHasToFitTheBody) {
  kernel_stub kernel(config_with(R"({"path": "/a", "auth": {"hmac": {"secret": "s1",
      "previous_secret": "s0", "header": "X-Hub-Signature-256", "prefix": "sha256="}}})"),
                     done);
  const auto with = [&](const std::string& signature) {
    return kernel
        .ask("POST", "/a", signature.empty() ? "" : "X-Hub-Signature-256: " + signature + "\r\n",
             "body")
        .status;
  };
  EXPECT_EQ(with("sha256=" + hex_hmac("s1", "body")), 204);
  EXPECT_EQ(with("sha256=" + hex_hmac("s0", "body")), 204);
  for (const std::string& bad :
       {std::string(), std::string("sha256="), hex_hmac("s1", "body"),
        "sha256=" + hex_hmac("s1", "bod"), "sha256=" + hex_hmac("s2", "body"),
        "sha256=" + hex_hmac("s1", "body").substr(2), std::string("sha256=zz")}) {
    EXPECT_EQ(with(bad), 401) << bad;
  }
}

TEST(Auth, AnOldSignatureIsNoSignature) {
  kernel_stub kernel(config_with(R"({"path": "/a", "auth": {"hmac": {"secret": "s",
      "header": "X-Slack-Signature", "prefix": "v0=", "timestamp_header": "X-Slack-Request-Timestamp",
      "signed": "v0:{timestamp}:{body}", "tolerance_s": 60}}})"),
                     done);
  const auto at = [&](std::int64_t seconds, std::int64_t signed_seconds) {
    const std::string text = "v0:" + std::to_string(signed_seconds) + ":body";
    return kernel
        .ask("POST", "/a",
             "X-Slack-Signature: v0=" + hex_hmac("s", text) +
                 "\r\nX-Slack-Request-Timestamp: " + std::to_string(seconds) + "\r\n",
             "body")
        .status;
  };
  const std::int64_t now = kernel.host().clock.unix_ms() / 1'000;
  EXPECT_EQ(at(now, now), 204);
  EXPECT_EQ(at(now - 60, now - 60), 204);
  EXPECT_EQ(at(now - 61, now - 61), 401);
  EXPECT_EQ(at(now + 61, now + 61), 401);
  EXPECT_EQ(at(now, now - 61), 401) << "the time is signed too";
}

}  // namespace
}  // namespace contract
