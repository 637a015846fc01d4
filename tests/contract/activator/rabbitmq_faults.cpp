#include <set>

#include "contract/activator/bench.hpp"
#include "contract/activator/rabbitmq_client.hpp"
#include "contract/activator/rabbitmq_own.hpp"
#include "contract/activator/sink_client.hpp"
#include "contract/common/control.hpp"

namespace contract {

namespace {

letter letter_of(const std::string& body) {
  letter out;
  out.body = body;
  out.id = "id-" + body;
  return out;
}

// Takes and acknowledges until each of these bodies has come.
void drain_all(bench& b, source_client& client, const std::vector<std::string>& expected) {
  std::set<std::string> missing(expected.begin(), expected.end());
  while (!missing.empty()) {
    const seen one = client.take_one();
    missing.erase(b.mark(one));
    client.settle(one, SPAWN_ACK);
  }
}

// The network is as before; what was on its way when it stalled is lost.
void give_back(rabbit_broker& source) {
  (void)source.go_away();
  source.between().flow();
  source.come_back();
}

void a_stalled_network_is_left(bench& b, rabbit_broker& source) {
  auto client = b.client(5);
  const auto sent = b.publish("a", 10);
  const auto held = client->take(5);
  source.between().stall();
  client->settle(held, SPAWN_ACK);  // these reach nobody: the same ones come again
  client->wait_serving(false);
  give_back(source);
  client->wait_serving(true);
  drain_all(b, *client, bodies(sent));
  b.wait_empty();
}

void a_message_ends_while_the_network_stalls(bench& b, rabbit_broker& source) {
  auto client = b.client(5);
  sink_client sink(*client);
  (void)b.publish("a", 5);
  const auto held = client->take(5);
  require_equal(sink.send_one(source.fresh_destination(), letter_of("first")).status, int{SPAWN_OK},
                "before");
  source.between().stall();
  client->settle(held, SPAWN_ACK);
  letter big = letter_of(std::string(1u << 20, 'x'));
  big.id = "big";
  const auto result = sink.send_one("/nobody", big, sink.now_ns() + 500'000'000);
  require_equal(result.status, int{SPAWN_E_UNKNOWN_OUTCOME}, "a message at its deadline");
}

void it_ends_in_a_stalled_network(bench& b, rabbit_broker& source) {
  auto client = b.client(5);
  (void)b.publish("a", 5);
  (void)client->take(5);
  source.between().stall();
  client->end();
}

void a_cut_amid_a_stream_loses_nothing(bench& b, rabbit_broker& source) {
  auto client = b.client(40);
  sink_client sink(*client);
  const std::string to = source.fresh_destination();
  const auto sent = b.publish("a", 400);
  std::set<std::string> missing;
  for (const std::string& one : bodies(sent)) {
    missing.insert(one);
  }
  std::set<std::string> confirmed;
  for (int n = 0; !missing.empty(); ++n) {
    const seen one = client->take_one();
    missing.erase(b.mark(one));
    client->settle(one, SPAWN_ACK);
    if (n % 20 == 10 && n < 100) {
      source.between().shut();
      source.between().open();
      const std::string body = "s" + std::to_string(n);
      if (sink.send_one(to, letter_of(body), sink.now_ns() + 3'000'000'000).status == SPAWN_OK) {
        confirmed.insert(body);
      }
    }
  }
  b.wait_empty();
  for (const letter& one : source.received(to, confirmed.size())) {
    confirmed.erase(one.body);
  }
  require(confirmed.empty(), "a message that was confirmed is not there");
}

// A classic queue: one that is replicated may be long in finding its leader again.
void a_broker_that_is_killed_loses_nothing(bench& b, rabbit_broker& source) {
  const std::string queue = source.fresh_name("kept");
  auto client =
      b.bare_client(R"({"declare": {"type": "classic"}, "host": "127.0.0.1", )"
                    R"("password": ")" +
                    source.server().password + R"(", "port": )" +
                    std::to_string(source.server().port) + R"(, "queue": ")" + queue +
                    R"(", "reconnect_ms_max": 500, "username": ")" + source.server().user + "\"}");
  client->wait_serving(true);
  client->set_window(10);
  sink_client sink(*client);
  const std::string to = source.fresh_destination();
  std::vector<letter> sent;
  for (int i = 10; i < 40; ++i) {
    sent.push_back(letter_of("k" + std::to_string(i)));
  }
  source.client().publish("", queue, sent);
  const auto first = client->take(10);
  const std::vector<seen> done(first.begin(), first.begin() + 5);
  client->settle(done, SPAWN_ACK);
  require_equal(sink.send_one(to, letter_of("before")).status, int{SPAWN_OK}, "before the kill");
  // A broker that is killed may forget a queue it made a moment ago: its tables' log is written
  // late.
  ask_control("rabbitmq ctl eval mnesia:sync_log().");
  ask_control("rabbitmq kill9");
  client->wait_serving(false);
  ask_control("rabbitmq start");
  source.client().forget();
  client->settle(std::vector<seen>(first.begin() + 5, first.end()), SPAWN_ACK);
  client->wait_serving(true);
  client->set_window(30);
  std::vector<std::string> rest = bodies(sent);
  for (const seen& one : done) {
    std::erase(rest, b.mark(one));
  }
  drain_all(b, *client, rest);
  const auto after = sink.send_one(to, letter_of("after"));
  require_equal(after.status, int{SPAWN_OK}, "after the kill: " + after.error);
  require_same(bodies(source.received(to, 2)), {"before", "after"}, "what the sink confirmed");
}

void a_broker_short_of_memory_still_hears_acks(bench& b, rabbit_broker& source) {
  const std::string alarm = "{resource_limit,memory,node()}";
  auto client = b.client(5);
  sink_client sink(*client);
  const std::string to = source.fresh_destination();
  require_equal(sink.send_one(to, letter_of("before")).status, int{SPAWN_OK}, "before");
  (void)b.publish("a", 20);
  ask_control("rabbitmq ctl eval rabbit_alarm:set_alarm({" + alarm + ",[]}).");
  std::vector<sink_result> results;
  for (int i = 0; i < 2; ++i) {
    results.push_back(
        sink.send_one(to, letter_of("held" + std::to_string(i)), sink.now_ns() + 2'000'000'000));
  }
  for (int i = 0; i < 20; ++i) {
    client->settle(client->take_one(), SPAWN_ACK);
  }
  client->wait_serving(false);
  ask_control("rabbitmq ctl eval rabbit_alarm:clear_alarm(" + alarm + ").");
  for (const sink_result& one : results) {
    require(one.status == SPAWN_E_EXHAUSTED || one.status == SPAWN_E_UNKNOWN_OUTCOME,
            "status " + std::to_string(one.status) + " while the broker is short of memory");
  }
  client->wait_serving(true);
  require_equal(sink.send_one(to, letter_of("after")).status, int{SPAWN_OK}, "afterwards");
  b.wait_empty();
}

void a_queue_that_is_deleted_is_made_again(bench& b, rabbit_broker& source) {
  auto client = b.client(5);
  (void)b.publish("a", 3);
  const auto held = client->take(3);
  source.client().delete_queue(source.queue());
  client->settle(held, SPAWN_ACK);
  // Its own declaration brings it back.
  const auto end = std::chrono::steady_clock::now() + source.patience();
  for (bool there = false; !there;) {
    require(std::chrono::steady_clock::now() < end, "the queue was not made again");
    try {
      there = source.client().ready(source.queue()) == 0;
    } catch (const failed&) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  client->wait_serving(true);
  const auto sent = b.publish("b", 3);
  drain_all(b, *client, bodies(sent));
}

void who_may_not_write_is_denied(bench& b, rabbit_broker& source) {
  const std::string exchange = source.fresh_name("closed");
  source.client().declare_exchange(exchange, "fanout");
  const std::string user = source.fresh_name("guest");
  ask_control("rabbitmq ctl add_user " + user + " secret-of-" + user);
  ask_control("rabbitmq ctl set_permissions " + user + " ^$ ^amq.default$ .*");
  auto client =
      b.bare_client(R"({"host": "127.0.0.1", "password": "secret-of-)" + user + R"(", "port": )" +
                    std::to_string(source.server().port) + R"(, "queue": ")" + source.queue() +
                    R"(", "username": ")" + user + "\"}");
  client->wait_serving(true);
  sink_client sink(*client);
  const auto result = sink.send_one(exchange, letter_of("x"));
  require_equal(result.status, int{SPAWN_E_DENIED}, "an exchange it may not write to");
  require(result.error.find("secret-of") == std::string::npos, "the password is in an error");
}

}  // namespace

std::vector<check> rabbitmq_fault_checks(rabbit_broker& source) {
  using body = void (*)(bench&, rabbit_broker&);
  constexpr std::pair<const char*, body> all[] = {
      {"rabbitmq_faults.a_stalled_network_is_left", a_stalled_network_is_left},
      {"rabbitmq_faults.a_message_ends_while_the_network_stalls",
       a_message_ends_while_the_network_stalls},
      {"rabbitmq_faults.it_ends_in_a_stalled_network", it_ends_in_a_stalled_network},
      {"rabbitmq_faults.a_cut_amid_a_stream_loses_nothing", a_cut_amid_a_stream_loses_nothing},
      {"rabbitmq_faults.a_broker_that_is_killed_loses_nothing",
       a_broker_that_is_killed_loses_nothing},
      {"rabbitmq_faults.a_broker_short_of_memory_still_hears_acks",
       a_broker_short_of_memory_still_hears_acks},
      {"rabbitmq_faults.a_queue_that_is_deleted_is_made_again",
       a_queue_that_is_deleted_is_made_again},
      {"rabbitmq_faults.who_may_not_write_is_denied", who_may_not_write_is_denied},
  };
  std::vector<check> out;
  for (const auto& [id, run] : all) {
    out.push_back({id, [&source, run](const target& t) {
                     give_back(source);  // whatever a check before it has left
                     source.client().forget();
                     bench b(t, source);
                     run(b, source);
                     b.verify();
                   }});
  }
  return out;
}

}  // namespace contract
