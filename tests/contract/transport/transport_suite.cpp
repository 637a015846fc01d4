#include "contract/transport/transport_suite.hpp"

#include <algorithm>
#include <set>
#include <thread>

#include "contract/transport/asked.hpp"
#include "contract/transport/bus_client.hpp"

namespace contract {

namespace {

// Two instances that hear each other.
struct pair_of_clients {
  explicit pair_of_clients(const target& t)
      : config(t.fresh_config()), a(t, config), b(t, config) {}
  std::string config;
  bus_client a, b;

  void verify() {
    a.verify_host();
    b.verify_host();
  }
};

void a_message_arrives_whole(const target& t) {
  pair_of_clients p(t);
  require_equal(p.b.subscribe(7, "shop.orders"), int{SPAWN_OK}, "subscribe");
  const std::string payload("a\0b", 3);
  require_equal(p.a.publish("shop.orders", payload, {{"k", "v"}, {"empty", ""}}).status,
                int{SPAWN_OK}, "publish");
  const delivery d = p.b.take(1).front();
  require(d.sub_id == 7 && d.subject == "shop.orders" && d.payload == payload && d.reply_to.empty(),
          "the message is changed");
  // Headers of different names are in no order.
  headers with = d.with;
  std::sort(with.begin(), with.end());
  require(with == headers{{"empty", ""}, {"k", "v"}}, "the headers are changed");
  const std::string big(1 << 20, 'x');
  require_equal(p.a.publish("shop.orders", big).status, int{SPAWN_OK}, "1 MiB");
  require(p.b.take(1).front().payload == big, "1 MiB is changed");
  require_equal(p.a.publish("shop.nobody", "x").status, int{SPAWN_OK}, "nobody listens");
  p.verify();
}

void wildcards(const target& t) {
  struct row {
    std::string pattern, subject;
    bool hears;
  };
  const std::vector<row> rows = {
      {"a.b", "a.b", true},       {"a.b", "a.b.c", false},  {"a.b.c", "a.b", false},
      {"a.*", "a.b", true},       {"a.*", "a", false},      {"a.*", "a.b.c", false},
      {"*.b", "a.b", true},       {"*", "a", true},         {"*", "a.b", false},
      {"a.>", "a.b", true},       {"a.>", "a.b.c.d", true}, {"a.>", "a", false},
      {">", "a", true},           {">", "a.b.c", true},     {"*.*.c", "a.b.c", true},
      {"a.*.>", "a.b.c.d", true}, {"a.*.>", "a.b", false},  {"ab", "a", false},
  };
  pair_of_clients p(t);
  std::uint64_t id = 0;
  for (const row& r : rows) {
    ++id;
    require_equal(p.b.subscribe(id, r.pattern), int{SPAWN_OK}, r.pattern);
    require_equal(p.b.subscribe(1'000 + id, r.subject), int{SPAWN_OK}, r.subject);  // a witness
    (void)p.a.publish(r.subject, "x");
    const auto got = p.b.take(r.hears ? 2 : 1);
    require_equal(got.size(), std::size_t{r.hears ? 2u : 1u}, r.pattern + " on " + r.subject);
    require_equal(p.b.unsubscribe(id), int{SPAWN_OK}, "unsubscribe");
    require_equal(p.b.unsubscribe(1'000 + id), int{SPAWN_OK}, "unsubscribe");
  }
  for (const char* bad : {"", ".", "a.", ".a", "a..b", "a.>.b", "a b", "a*.b", "\xc3\xa4"}) {
    require_equal(p.b.subscribe(9'999, bad), int{SPAWN_E_INVALID}, std::string("pattern ") + bad);
    require_equal(p.a.publish(bad, "x").status, int{SPAWN_E_INVALID},
                  std::string("subject ") + bad);
  }
  require_equal(p.a.publish("a.*", "x").status, int{SPAWN_E_INVALID}, "wildcard in a subject");
  p.verify();
}

void everybody_hears(pair_of_clients& p) {
  (void)p.a.subscribe(1, "s");
  (void)p.b.subscribe(2, "s");
  (void)p.b.subscribe(5, "s");
  (void)p.a.publish("s", "x");
  const auto both = p.b.take(2);
  require(p.a.take(1).size() == 1 && both.size() == 2 && both[0].sub_id != both[1].sub_id,
          "fan-out");
  p.verify();
}

void everybody_hears_but_a_group_shares(const target& t) {
  pair_of_clients p(t);
  if (!p.a.announces(SPAWN_TP_CAP_QUEUE_GROUP)) {
    require_equal(p.a.subscribe(3, "s", "workers"), int{SPAWN_E_UNSUPPORTED},
                  "a queue group, which is not announced");
    return everybody_hears(p);
  }
  (void)p.a.subscribe(1, "s");
  (void)p.b.subscribe(2, "s");
  (void)p.a.subscribe(3, "s", "workers");
  (void)p.b.subscribe(4, "s", "workers");
  (void)p.b.subscribe(5, "s", "others");
  constexpr std::size_t n = 100;
  for (std::size_t i = 0; i < n; ++i) {
    (void)p.a.publish("s", std::to_string(i));
  }
  std::map<std::uint64_t, std::size_t> count;
  std::set<std::string> shared;
  // Who gets the group's share is open; both together get four times n.
  std::vector<delivery> all;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (p.a.inbox_size() + p.b.inbox_size() < 4 * n && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  all = p.a.take(n);
  const auto more = p.b.take(2 * n);
  all.insert(all.end(), more.begin(), more.end());
  for (const delivery& d : all) {
    ++count[d.sub_id];
    if (d.sub_id == 3 || d.sub_id == 4) {
      require(shared.insert(d.payload).second, "a group got one message twice");
    }
  }
  require(count[1] == n && count[2] == n && count[5] == n, "fan-out");
  require_equal(count[3] + count[4], n, "messages of the group");
  require(count[3] > 0 && count[4] > 0, "one member did all the work");
  p.verify();
}

void never_beyond_the_credit(const target& t) {
  pair_of_clients p(t);
  (void)p.b.subscribe(1, "s", "", 3);
  for (int i = 0; i < 10; ++i) {
    (void)p.a.publish("s", std::to_string(i));
  }
  require_equal(p.b.take(3).size(), std::size_t{3}, "with a credit of 3");
  p.b.grant(1, 4);
  const auto next = p.b.take(4);
  require(next.size() == 4 && next.front().payload == "3", "held messages come first, in order");
  p.b.grant(1, 100);
  require_equal(p.b.take(3).size(), std::size_t{3}, "the rest");
  (void)p.b.subscribe(2, "t", "", 0);
  (void)p.a.publish("t", "x");
  require_equal(p.b.inbox_size(), std::size_t{0}, "with no credit at all");
  p.verify();
}

void a_subject_keeps_its_order(const target& t) {
  pair_of_clients p(t);
  (void)p.b.subscribe(1, ">");
  constexpr int n = 2'000;
  std::thread other([&] {
    for (int i = 0; i < n; ++i) {
      (void)p.b.publish("from.b", std::to_string(i));
    }
  });
  for (int i = 0; i < n; ++i) {
    (void)p.a.publish("from.a", std::to_string(i));
  }
  other.join();
  std::map<std::string, int> next;
  for (const delivery& d : p.b.take(2 * n)) {
    require_equal(d.payload, std::to_string(next[d.subject]++), "order on " + d.subject);
  }
  p.verify();
}

void unsubscribed_is_silent(const target& t) {
  pair_of_clients p(t);
  (void)p.b.subscribe(1, "s");
  (void)p.a.publish("s", "x");
  (void)p.b.take(1);
  require_equal(p.b.unsubscribe(1), int{SPAWN_OK}, "unsubscribe");
  require_equal(p.b.unsubscribe(1), int{SPAWN_E_NOT_FOUND}, "unsubscribe twice");
  (void)p.a.publish("s", "x");
  require_equal(p.b.inbox_size(), std::size_t{0}, "messages after unsubscribe");
  {
    bus_client gone(t, p.config);
    (void)gone.subscribe(1, "s");
  }
  (void)p.a.publish("s", "x");  // and nobody is there to be called
  p.verify();
}

void request_and_reply(const target& t) {
  pair_of_clients p(t);
  if (!p.a.announces(SPAWN_TP_CAP_REQUEST)) {
    require_equal(p.a.request("ask.one", "q")->result().status, int{SPAWN_E_UNSUPPORTED},
                  "a request, which is not announced");
    require_equal(p.b.reply("ask.one", "a").status, int{SPAWN_E_UNSUPPORTED},
                  "a reply, which is not announced");
    return p.verify();
  }
  (void)p.b.subscribe(1, "ask.*");
  auto first = p.a.request("ask.one", "q1");
  auto second = p.a.request("ask.two", "q2");
  const auto asked = p.b.take(2);
  require(!asked[0].reply_to.empty() && asked[0].reply_to != asked[1].reply_to, "reply_to");
  require(!first->ended() && !second->ended(), "a request ended without a reply");
  require_equal(p.b.reply(asked[1].reply_to, "a2", {{"h", "v"}}).status, int{SPAWN_OK}, "reply");
  require_equal(p.b.reply(asked[0].reply_to, "a1").status, int{SPAWN_OK}, "reply");
  const send_result two = second->result();
  require(two.status == SPAWN_OK && two.reply == "a2" && two.reply_headers == headers{{"h", "v"}},
          "the second reply");
  require_equal(first->result().reply, std::string("a1"), "the first reply");
  require_equal(p.b.reply(asked[0].reply_to, "again").status, int{SPAWN_E_NOT_FOUND},
                "a second reply to one request");
  require_equal(p.a.request("nobody.here", "q")->result().status, int{SPAWN_E_NOT_FOUND},
                "a request nobody hears");
  p.verify();
}

void a_request_without_a_reply_ends(const target& t) {
  pair_of_clients p(t);
  if (!p.a.announces(SPAWN_TP_CAP_REQUEST)) {
    throw skipped{"no requests"};
  }
  (void)p.b.subscribe(1, "ask");
  auto late = p.a.request("ask", "q", p.a.clock().now_ns() + 1'000'000'000);
  (void)p.b.take(1);  // it has gone out
  p.a.clock().advance(std::chrono::seconds(2));
  (void)p.a.publish("other", "x");
  const spawn_status status = late->result().status;
  require(status == SPAWN_E_UNKNOWN_OUTCOME || status == SPAWN_E_DEADLINE, "past its deadline");
  auto too_late = p.a.request("ask", "q", p.a.clock().now_ns() - 1);
  require_equal(too_late->result().status, int{SPAWN_E_DEADLINE}, "late before it was sent");
  std::unique_ptr<bus_client::asked> open;
  {
    auto c = std::make_unique<bus_client>(t, p.config);
    // The op must end while its host still lives, so it is looked at through a life-cycle step.
    open = c->request("ask", "q");
    require(!open->ended(), "ended without a reply");
    (void)p.b.reply(p.b.take(1).back().reply_to, "a");
    require_equal(open->result().status, int{SPAWN_OK}, "reply");
    open.reset();
  }
  p.verify();
}

void unknown_ops_are_refused(const target& t) {
  pair_of_clients p(t);
  for (const std::uint16_t code : {0, 6, 99, 65535}) {
    require_equal(p.a.raw_op(code), int{SPAWN_E_UNSUPPORTED}, "op code " + std::to_string(code));
  }
  p.verify();
}

void many_lanes_at_once(const target& t) {
  if (t.one_lane) {
    throw skipped{"lanes: one"};
  }
  const std::string config = t.fresh_config();
  bus_client hub(t, config, 4);
  for (std::uint32_t lane = 0; lane < 4; ++lane) {
    (void)hub.subscribe(lane + 1, "all", "", 1'000'000, lane);
  }
  constexpr int n = 500;
  std::vector<std::thread> threads;
  std::vector<std::string> broken(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      try {
        bus_client c(t, config);
        for (int k = 0; k < n; ++k) {
          (void)c.subscribe(9, "noise", "g", 5);
          (void)c.publish("all", std::to_string(k));
          (void)c.publish("noise", "x");
          (void)c.unsubscribe(9);
        }
        c.verify_host();
      } catch (const failed& f) {
        broken[static_cast<std::size_t>(i)] = f.what;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::string& why : broken) {
    require(why.empty(), why);
  }
  require_equal(hub.take(4 * 4 * n).size(), std::size_t{4 * 4 * n}, "messages");
  hub.verify_host();
}

}  // namespace

std::vector<check> transport_checks() {
  return {
      {"transport.a_message_arrives_whole", a_message_arrives_whole,
       "subject, headers and payload arrive as they were sent"},
      {"transport.wildcards", wildcards,
       "'*' is one token, '>' the rest; malformed patterns are refused"},
      {"transport.everybody_hears_but_a_group_shares", everybody_hears_but_a_group_shares,
       "each subscription gets a message, one of each queue group"},
      {"transport.never_beyond_the_credit", never_beyond_the_credit,
       "no more is delivered than credit was given"},
      {"transport.a_subject_keeps_its_order", a_subject_keeps_its_order,
       "messages of one subject keep their order"},
      {"transport.unsubscribed_is_silent", unsubscribed_is_silent,
       "after UNSUBSCRIBE nothing is delivered"},
      {"transport.request_and_reply", request_and_reply, "a request ends with the reply to it"},
      {"transport.a_request_without_a_reply_ends", a_request_without_a_reply_ends,
       "a request that nobody answers ends by its deadline"},
      {"transport.unknown_ops_are_refused", unknown_ops_are_refused,
       "an op code it does not know ends UNSUPPORTED"},
      {"transport.many_lanes_at_once", many_lanes_at_once,
       "four lanes and four instances at the same time lose nothing"},
  };
}

}  // namespace contract
