// The sink: OK means that the system outside has it.
#include <map>

#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"
#include "contract/activator/sink_client.hpp"

namespace contract {
namespace {

letter letter_of(const std::string& body, const std::string& key = {}) {
  letter out;
  out.body = body;
  out.key = key;
  out.id = "id-" + body;
  out.content_type = "text/plain";
  return out;
}

void require_ok(const sink_result& result, const std::string& what) {
  require(result.status == SPAWN_OK,
          what + ": status " + std::to_string(result.status) + " " + result.error);
}

void a_message_arrives_whole(bench& b) {
  auto client = b.client();
  sink_client sink(*client);
  const std::string to = b.source.fresh_destination();
  letter one = letter_of(std::string("a\0b\xff", 4), "some.key");
  one.id = "message-1";
  one.with = {{"x-plain", "value"},
              {"x-words",
               "gr\xc3\xbc\xc3\x9f"
               "e"}};
  require_ok(sink.send_one(to, one), "a message");
  const letter got = b.source.received(to, 1).at(0);
  require(got.body == one.body, "the body is changed");
  require_equal(got.id, one.id, "message id");
  if ((sink.capabilities() & SPAWN_SINK_CAP_HEADERS) != 0) {
    require_equal(got.content_type, one.content_type, "content type");
    for (const auto& [key, value] : one.with) {
      bool found = false;
      for (const auto& [name, arrived] : got.with) {
        found = found || (name == key && arrived == value);
      }
      require(found, "header " + key + " did not arrive");
    }
  }
}

void bodies_of_all_sizes_arrive(bench& b) {
  auto client = b.client();
  sink_client sink(*client);
  const std::string to = b.source.fresh_destination();
  const std::size_t most = b.source.traits().sink_bytes_max;
  std::vector<std::string> sent;
  for (const std::size_t size : {std::size_t{1}, std::size_t{4'096}, most}) {
    sent.emplace_back(size, 'x');
    letter one = letter_of(sent.back());
    one.id = "id-" + std::to_string(size);
    require_ok(sink.send_one(to, one), std::to_string(size) + " bytes");
  }
  require_same(bodies(b.source.received(to, 3)), sent, "bodies");
}

void many_are_in_flight(bench& b) {
  auto client = b.client();
  sink_client sink(*client);
  const std::string to = b.source.fresh_destination();
  std::vector<letter> all;
  for (int i = 0; i < 300; ++i) {
    all.push_back(letter_of("m" + std::to_string(i), "k" + std::to_string(i)));
  }
  for (const sink_result& one : sink.send(to, all)) {
    require_ok(one, "one of many");
  }
  require_same(bodies(b.source.received(to, all.size())), bodies(all), "many at once");
}

void a_key_keeps_its_order(bench& b) {
  auto client = b.client();
  sink_client sink(*client);
  const std::string to = b.source.fresh_destination();
  constexpr int rounds = 30;
  const std::vector<std::string> keys = {"a", "b", "c"};
  for (int i = 0; i < rounds; ++i) {
    std::vector<letter> round;
    for (const std::string& key : keys) {
      round.push_back(letter_of(key + std::to_string(100 + i), key));
    }
    for (const sink_result& one : sink.send(to, round)) {
      require_ok(one, "a message of a round");
    }
  }
  const auto got = b.source.received(to, rounds * keys.size());
  require_equal(got.size(), rounds * keys.size(), "messages that arrived");
  if (!b.source.traits().ordered) {
    return;
  }
  std::map<char, std::string> last;
  for (const letter& one : got) {
    std::string& before = last[one.body.at(0)];
    require(before < one.body, "order of a key: " + one.body + " came after " + before);
    before = one.body;
  }
}

void while_it_is_away_nothing_is_confirmed(bench& b) {
  auto client = b.client();
  sink_client sink(*client);
  const std::string to = b.source.fresh_destination();
  require_ok(sink.send_one(to, letter_of("before")), "before");
  needs(b.source.go_away(), "its driver can not take the system away");
  const auto refused = [](spawn_status status) {
    return status == SPAWN_E_UNAVAILABLE || status == SPAWN_E_UNKNOWN_OUTCOME ||
           status == SPAWN_E_EXHAUSTED;
  };
  // At the moment it goes, and later, when the plugin knows.
  for (const bool known : {false, true}) {
    if (known) {
      client->wait_serving(false);
    }
    const auto result =
        sink.send_one(to, letter_of(known ? "late" : "at once"), sink.now_ns() + 2'000'000'000);
    require(refused(result.status),
            "status " + std::to_string(result.status) + " while the system is away");
    require(!result.error.empty(), "an error without a text");
  }
  b.source.come_back();
  client->wait_serving(true);
  require_ok(sink.send_one(to, letter_of("after")), "after it came back");
  bool arrived = false;
  for (const letter& one : b.source.received(to, 2)) {
    arrived = arrived || one.body == "after";
  }
  require(arrived, "what was confirmed after it came back did not arrive");
}

void no_such_destination(bench& b) {
  const auto missing = b.source.missing_destination();
  needs(missing.has_value(), "any destination will do");
  auto client = b.client();
  sink_client sink(*client);
  require_equal(sink.send_one(*missing, letter_of("x")).status, int{SPAWN_E_NOT_FOUND},
                "a destination that is not there");
  const std::string to = b.source.fresh_destination();
  require_ok(sink.send_one(to, letter_of("then")), "afterwards");
  require_equal(b.source.received(to, 1).at(0).body, std::string("then"), "afterwards");
}

void too_large_a_body(bench& b) {
  const std::size_t bytes = b.source.too_large();
  needs(bytes != 0, "no body is too large");
  auto client = b.client();
  sink_client sink(*client);
  const std::string to = b.source.fresh_destination();
  letter one = letter_of(std::string(bytes, 'x'));
  one.id = "big";
  require_equal(sink.send_one(to, one).status, int{SPAWN_E_TOO_LARGE}, "too large a body");
  require_ok(sink.send_one(to, letter_of("then")), "afterwards");
}

void it_works_beside_a_full_window(bench& b) {
  auto client = b.client(2);
  sink_client sink(*client);
  const std::string to = b.source.fresh_destination();
  (void)b.publish("a", 6);
  const auto held = client->take(2);
  require_ok(sink.send_one(to, letter_of("one")), "with a window that is full");
  client->set_window(0, true);
  require_ok(sink.send_one(to, letter_of("two")), "while the source is paused");
  client->settle(held, SPAWN_ACK);
  require_same(bodies(b.source.received(to, 2)), {"one", "two"}, "beside a source at rest");
}

}  // namespace

std::vector<bench_check> sink_checks() {
  return {
      {"sink.a_message_arrives_whole", a_message_arrives_whole,
       "key, id, headers and body arrive at the destination"},
      {"sink.bodies_of_all_sizes_arrive", bodies_of_all_sizes_arrive,
       "bodies of all sizes up to the bound arrive"},
      {"sink.many_are_in_flight", many_are_in_flight,
       "many messages may be in flight at the same time"},
      {"sink.a_key_keeps_its_order", a_key_keeps_its_order,
       "messages of one key arrive in their order"},
      {"sink.while_it_is_away_nothing_is_confirmed", while_it_is_away_nothing_is_confirmed,
       "nothing is confirmed that the system outside does not have"},
      {"sink.no_such_destination", no_such_destination,
       "a destination that is not there ends the op for good"},
      {"sink.too_large_a_body", too_large_a_body, "a body that is too large ends the op for good"},
      {"sink.it_works_beside_a_full_window", it_works_beside_a_full_window,
       "it sends while the activator beside it holds a full window"},
  };
}

}  // namespace contract
