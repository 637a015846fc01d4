#include "contract/activator/rabbitmq_own.hpp"

#include <algorithm>

#include "contract/activator/bench.hpp"
#include "contract/activator/rabbitmq_client.hpp"
#include "contract/activator/sink_client.hpp"

namespace contract {

namespace {

letter letter_of(const std::string& body, headers with = {}) {
  letter out;
  out.body = body;
  out.id = "id-" + body;
  out.with = std::move(with);
  return out;
}

void require_header(const seen& one, const std::string& name, const std::string& value) {
  const std::string* found = one.header(name);
  require(found != nullptr, "no header " + name);
  require_equal(*found, value, "header " + name);
}

void wait_ready(rabbit_broker& source, std::uint64_t n) {
  const auto end = std::chrono::steady_clock::now() + source.patience();
  while (source.client().ready(source.queue()) != n) {
    require(std::chrono::steady_clock::now() < end,
            "the queue never has " + std::to_string(n) + " messages that are ready");
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// --- the intake
// -----------------------------------------------------------------------------------
void facts_come_as_headers(bench& b, rabbit_broker& source) {
  const std::string exchange = source.fresh_name("topics");
  source.client().declare_exchange(exchange, "topic");
  const std::string queue = source.fresh_name("bound");
  auto client = b.bare_client(
      R"({"content_type": "text/x-default", "declare": {"bindings": [{"exchange": ")" + exchange +
      R"(", "routing_key": "orders.*"}], "type": "classic"}, "dedup_by": "header:event", )" +
      R"("host": "127.0.0.1", "order_by": "routing-key", "password": ")" +
      source.server().password + R"(", "port": )" + std::to_string(source.server().port) +
      R"(, "queue": ")" + queue + R"(", "username": ")" + source.server().user + "\"}");
  client->wait_serving(true);
  client->set_window(10);
  const letter one = letter_of("x", {{"event", "e-1"}, {"rabbitmq-exchange", "a lie"}});
  source.client().publish(exchange, "orders.placed", {&one, 1});
  const seen got = client->take_one();
  require_equal(got.source, queue, "source");
  require_equal(got.dedup_id, std::string("e-1"), "dedup_id of a header");
  require_equal(got.order_key, std::string("orders.placed"), "order_key of the routing key");
  require_equal(got.content_type, std::string("text/x-default"), "content_type of the config");
  require_header(got, "rabbitmq-exchange", exchange);
  require_header(got, "rabbitmq-routing-key", "orders.placed");
  require_header(got, "rabbitmq-message-id", "id-x");
  require_equal(std::uint64_t{got.attempt}, std::uint64_t{1}, "attempt");
  client->settle(got, SPAWN_RELEASE);
  const seen again = client->take_one();
  require((again.flags & SPAWN_D_REDELIVERED) != 0, "it came before, and that is not said");
  require_equal(std::uint64_t{again.attempt}, std::uint64_t{0}, "attempt nobody counts");
  client->settle(again, SPAWN_ACK);
}

void the_broker_keeps_what_is_beyond_the_window(bench& b, rabbit_broker& source) {
  auto client = b.client();
  (void)b.publish("a", 30);
  client->stays_quiet("with a window of 0");
  wait_ready(source, 30);
  client->set_window(4);
  auto held = client->take(4);
  wait_ready(source, 26);
  client->settle(held[3], SPAWN_ACK);  // later ones first: no ack for many at once
  (void)client->take(1);
  wait_ready(source, 25);
  client->set_window(0);
  client->settle(held[0], SPAWN_ACK);
  client->stays_quiet("with a window of 0 again");
  wait_ready(source, 25);
}

void a_retry_that_waits_makes_room(bench& b, rabbit_broker&) {
  auto client = b.client(4);
  const auto sent = b.publish("a", 12);
  const auto first = client->take(4);
  client->settle(first, SPAWN_RETRY, 60'000);
  const auto next = client->take(4);
  client->settle(next, SPAWN_RETRY, 60'000);
  const auto last = client->take(4);
  client->settle(last, SPAWN_ACK);
  client->end();
  auto second = b.client(20);
  const auto got = second->take(8);  // an end cuts the delay short
  second->settle(got, SPAWN_ACK);
  auto all = b.marks(got);
  const auto acked = b.marks(last);
  all.insert(all.end(), acked.begin(), acked.end());
  require_same(all, bodies(sent), "retries and acks together");
}

void a_queue_that_is_missing_is_told(bench& b, rabbit_broker& source) {
  const std::string queue = source.fresh_name("late");
  auto client = b.bare_client(R"({"host": "127.0.0.1", "password": ")" + source.server().password +
                              R"(", "port": )" + std::to_string(source.server().port) +
                              R"(, "queue": ")" + queue + R"(", "reconnect_ms_max": 300, )" +
                              R"("username": ")" + source.server().user + "\"}");
  client->wait_serving(false);
  client->set_window(3);
  source.client().declare_queue(queue);
  client->wait_serving(true);
  const letter one = letter_of("x");
  source.client().publish("", queue, {&one, 1});
  client->settle(client->take_one(), SPAWN_ACK);
}

// --- the sink
// -------------------------------------------------------------------------------------
void what_no_queue_takes_is_not_found(bench& b, rabbit_broker& source) {
  const std::string exchange = source.fresh_name("empty");
  source.client().declare_exchange(exchange, "direct");
  const std::string good = source.fresh_destination();
  auto client = b.client();
  sink_client sink(*client);
  const auto result = sink.send_one(exchange + "/nobody", letter_of("x"));
  require_equal(result.status, int{SPAWN_E_NOT_FOUND}, "unroutable");
  require(result.error.find("nobody") != std::string::npos, "the error names no routing key");
  require_equal(sink.send_one(good, letter_of("y")).status, int{SPAWN_OK}, "afterwards");
  // Beside good ones, all at once.
  std::vector<letter> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back(letter_of("m" + std::to_string(i)));
  }
  for (const auto& one : sink.send(exchange + "/nobody", many)) {
    require_equal(one.status, int{SPAWN_E_NOT_FOUND}, "one of many that no queue takes");
  }
}

void what_a_queue_refuses_is_tried_again(bench& b, rabbit_broker& source) {
  const std::string queue = source.fresh_name("full");
  source.client().declare_queue(queue, {{"x-max-length", "1"}, {"x-overflow", "reject-publish"}});
  auto client = b.client();
  sink_client sink(*client);
  require_equal(sink.send_one("/" + queue, letter_of("fits")).status, int{SPAWN_OK}, "the first");
  spawn_status last = SPAWN_OK;
  for (int i = 0; i < 3 && last == SPAWN_OK; ++i) {  // the bound is not sharp
    last = sink.send_one("/" + queue, letter_of("more" + std::to_string(i))).status;
  }
  require_equal(last, int{SPAWN_E_UNAVAILABLE}, "a message the queue refuses");
}

void a_missing_exchange_disturbs_nobody(bench& b, rabbit_broker& source) {
  auto client = b.client();
  sink_client sink(*client);
  const std::string good = source.fresh_destination();
  for (int i = 0; i < 3; ++i) {
    require_equal(sink.send_one("no-such-exchange", letter_of("x")).status, int{SPAWN_E_NOT_FOUND},
                  "an exchange that is not there");
    require_equal(sink.send_one(good, letter_of("g" + std::to_string(i))).status, int{SPAWN_OK},
                  "beside it");
  }
  require_equal(source.received(good, 3).size(), std::size_t{3}, "what arrived");
}

void what_amqp_can_not_carry_is_invalid(bench& b, rabbit_broker& source) {
  auto client = b.client();
  sink_client sink(*client);
  const std::string good = source.fresh_destination();
  letter one = letter_of("x");
  one.id = std::string(256, 'i');
  require_equal(sink.send_one(good, one).status, int{SPAWN_E_INVALID}, "a long id");
  require_equal(sink.send_one(std::string(256, 'e'), letter_of("x")).status, int{SPAWN_E_INVALID},
                "a long exchange");
  require_equal(sink.send_one(good, letter_of("x", {{"CC", "elsewhere"}})).status,
                int{SPAWN_E_INVALID}, "a header of the broker's own");
  require_equal(sink.send_one("", letter_of("x")).status, int{SPAWN_E_INVALID},
                "no destination at all");
  require_equal(sink.send_one(good, letter_of("x", {{"big", std::string(40'000, 'h')}})).status,
                int{SPAWN_E_TOO_LARGE}, "large headers");
  require_equal(sink.send_one(good, letter_of("then")).status, int{SPAWN_OK}, "afterwards");
}

// --- TLS
// ------------------------------------------------------------------------------------------
void tls_is_checked(bench& b, rabbit_broker& source) {
  needs(source.server().tls_port != 0, "the broker takes no TLS");
  const auto serves = [&](const std::string& tls, bool expected) {
    auto client = b.bare_client(source.config_with(R"(, "tls": )" + tls, source.server().tls_port));
    if (!expected) {
      client->wait_serving(false);
      client->stays_quiet("over a connection that must not be");
    }
    client->wait_serving(expected);
    return client;
  };
  const std::string ca = R"("ca": ")" + source.server().ca + "\"";
  auto client = serves("{" + ca + "}", true);
  client->set_window(5);
  const auto sent = b.publish("a", 5);
  const auto got = client->take(5);
  require_same(b.marks(got), bodies(sent), "over TLS");
  client->settle(got, SPAWN_ACK);
  sink_client sink(*client);
  const std::string to = source.fresh_destination();
  letter big = letter_of(std::string(1u << 20, 'x'));
  big.id = "big";
  require_equal(sink.send_one(to, big).status, int{SPAWN_OK}, "a sink over TLS");
  (void)serves("{}", false);  // the system's authorities do not know this one
  (void)serves(R"({"verify": "none"})", true);
  (void)serves("{" + ca + R"(, "verify": "ca"})", true);
  (void)serves(R"({"ca": "/nowhere.pem"})", false);
}

}  // namespace

std::vector<check> rabbitmq_own_checks(rabbit_broker& source) {
  using body = void (*)(bench&, rabbit_broker&);
  constexpr std::pair<const char*, body> all[] = {
      {"rabbitmq.facts_come_as_headers", facts_come_as_headers},
      {"rabbitmq.the_broker_keeps_what_is_beyond_the_window",
       the_broker_keeps_what_is_beyond_the_window},
      {"rabbitmq.a_retry_that_waits_makes_room", a_retry_that_waits_makes_room},
      {"rabbitmq.a_queue_that_is_missing_is_told", a_queue_that_is_missing_is_told},
      {"rabbitmq.what_no_queue_takes_is_not_found", what_no_queue_takes_is_not_found},
      {"rabbitmq.what_a_queue_refuses_is_tried_again", what_a_queue_refuses_is_tried_again},
      {"rabbitmq.a_missing_exchange_disturbs_nobody", a_missing_exchange_disturbs_nobody},
      {"rabbitmq.what_amqp_can_not_carry_is_invalid", what_amqp_can_not_carry_is_invalid},
      {"rabbitmq.tls_is_checked", tls_is_checked},
  };
  std::vector<check> out;
  for (const auto& [id, run] : all) {
    out.push_back({id, [&source, run](const target& t) {
                     bench b(t, source);
                     run(b, source);
                     b.verify();
                   }});
  }
  return out;
}

}  // namespace contract
