// What is published arrives: once, in order, as it was.
#include <algorithm>
#include <map>
#include <set>

#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"

namespace contract {
namespace {

void everything_arrives_once(bench& b) {
  constexpr std::size_t n = 1'000;
  std::vector<std::string> got;
  std::vector<std::string> sent;
  {
    auto client = b.client(64);
    sent = bodies(b.publish("a", n, 8));
    while (got.size() < n) {
      const auto some = client->take(std::min<std::size_t>(16, n - got.size()));
      const auto marks = b.marks(some);
      got.insert(got.end(), marks.begin(), marks.end());
      client->settle(some, SPAWN_ACK);
    }
    require_same(got, sent, "what was acknowledged");
    client->stays_quiet("when all are acknowledged");
    b.wait_empty();
  }
  auto next = b.client(64);
  next->stays_quiet("at the next instance, when all are acknowledged");
}

void a_key_keeps_its_order(bench& b) {
  needs(b.source.traits().ordered, "the source keeps no order");
  auto client = b.client(32);
  const auto sent = b.publish("a", 400, 4);
  std::map<std::string, std::string> key_of;
  for (const letter& one : sent) {
    key_of[one.body] = one.key;
  }
  std::map<std::string, std::string> last;
  std::vector<seen> held;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const seen one = client->take_one();
    const std::string mark = b.mark(one);
    std::string& before = last[key_of[mark]];
    require(before < mark, "order of a key: " + mark + " came after " + before);
    before = mark;
    held.push_back(one);
    if (held.size() == 8 || i + 1 == sent.size()) {
      // Settled in another order than offered.
      std::reverse(held.begin(), held.end());
      client->settle(held, SPAWN_ACK);
      held.clear();
    }
  }
  b.wait_empty();
}

void equal_keys_have_equal_order_keys(bench& b) {
  needs(b.source.traits().ordered, "the source keeps no order");
  auto client = b.client(40);
  const auto sent = b.publish("a", 40, 4);
  std::map<std::string, std::string> key_of;
  for (const letter& one : sent) {
    key_of[one.body] = one.key;
  }
  std::map<std::string, std::string> order_key;
  const auto all = client->take(40);
  for (const seen& one : all) {
    const auto [at, fresh] = order_key.try_emplace(key_of[b.mark(one)], one.order_key);
    require_equal(one.order_key, at->second, "order_key of messages of one key");
  }
  client->settle(all, SPAWN_ACK);
}

void a_settle_may_come_before_offer_returns(bench& b) {
  auto client = b.client();
  const auto sent = b.publish("a", 12);
  client->settle_inside_offer(true);
  client->set_window(4);
  std::vector<seen> all;
  while (all.size() < sent.size()) {
    all.push_back(client->take_one());
    client->settle(all.back(), SPAWN_ACK);
  }
  client->settle_inside_offer(false);
  require_same(b.marks(all), bodies(sent), "settled inside offer");
  client->stays_quiet("when all are acknowledged");
  b.wait_empty();
}

void bytes_arrive_as_they_were(bench& b) {
  needs(b.source.traits().bodies, "the source makes its own bodies");
  auto client = b.client(10);
  std::string every_byte;
  for (int i = 0; i < 256; ++i) {
    every_byte.push_back(static_cast<char>(i));
  }
  std::vector<letter> sent(4);
  sent[1].body = std::string("a\0b\0", 4);
  sent[2].body = every_byte;
  sent[3].body = std::string(b.source.traits().body_bytes_max, 'x');
  for (std::size_t i = 0; i < sent.size(); ++i) {
    sent[i].id = "id-" + std::to_string(i);
    sent[i].key = "key";
  }
  if (!b.source.traits().empty_bodies) {
    sent.erase(sent.begin());
  }
  b.source.publish(sent);
  const auto got = client->take(sent.size());
  std::vector<std::string> payloads;
  for (const seen& one : got) {
    payloads.push_back(one.payload);
  }
  require_same(payloads, bodies(sent), "bodies");
  client->settle(got, SPAWN_ACK);
}

void headers_arrive_as_they_were(bench& b) {
  needs(b.source.traits().headers, "a message of this source has no headers");
  auto client = b.client(10);
  letter one;
  one.key = "key";
  one.id = "id-1";
  one.body = "{}";
  one.content_type = "application/json";
  one.with = {{"x-plain", "value"},
              {"x-words",
               "gr\xc3\xbc\xc3\x9f"
               "e \xe2\x82\xac"}};
  b.source.publish({&one, 1});
  const seen got = client->take_one();
  for (const auto& [key, value] : one.with) {
    const std::string* arrived = got.header(key);
    require(arrived != nullptr, "no header " + key);
    require_equal(*arrived, value, "header " + key);
  }
  require_equal(got.content_type, one.content_type, "content_type");
  client->settle(got, SPAWN_ACK);
}

void each_message_has_its_own_dedup_id(bench& b) {
  needs(b.source.traits().same_id, "the source has no names for messages");
  auto client = b.client(50);
  (void)b.publish("a", 50, 5);
  std::set<std::string> ids;
  const auto all = client->take(50);
  for (const seen& one : all) {
    require(!one.dedup_id.empty(), "a message without a dedup_id");
    require(ids.insert(one.dedup_id).second, "two messages have the dedup_id " + one.dedup_id);
  }
  client->settle(all, SPAWN_ACK);
}

}  // namespace

std::vector<bench_check> delivery_checks() {
  return {
      {"delivery.everything_arrives_once", everything_arrives_once,
       "each message is delivered once and gone when it is acknowledged"},
      {"delivery.a_key_keeps_its_order", a_key_keeps_its_order,
       "messages of one key are offered in their order"},
      {"delivery.equal_keys_have_equal_order_keys", equal_keys_have_equal_order_keys,
       "order_key is the same for messages of one key, and only for them"},
      {"delivery.a_settle_may_come_before_offer_returns", a_settle_may_come_before_offer_returns,
       "a verdict may come while offer() still runs"},
      {"delivery.bytes_arrive_as_they_were", bytes_arrive_as_they_were,
       "bodies of any bytes and sizes arrive as they were"},
      {"delivery.headers_arrive_as_they_were", headers_arrive_as_they_were,
       "headers and content type arrive as they were"},
      {"delivery.each_message_has_its_own_dedup_id", each_message_has_its_own_dedup_id,
       "dedup_id names one message, and not two"},
  };
}

}  // namespace contract
