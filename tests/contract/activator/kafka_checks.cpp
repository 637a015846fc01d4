#include "contract/activator/kafka_checks.hpp"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "contract/activator/bench.hpp"
#include "contract/activator/sink_client.hpp"

namespace contract {
namespace {

using nlohmann::json;

// A bench, and the driver as what it is.
struct kafka_bench : bench {
  kafka_bench(const target& t, kafka_broker& with) : bench(t, with), kafka(with) {}
  kafka_broker& kafka;

  [[nodiscard]] std::string changed(const json& change) const {
    json all = json::parse(config);
    all.merge_patch(change);
    return all.dump();
  }
  // An instance with another config over the same topic, connected.
  std::unique_ptr<source_client> client_of(const json& change, std::uint32_t window) {
    auto out = bare_client(changed(change));
    out->wait_serving(true);
    out->set_window(window);
    return out;
  }
};

std::string fact(const seen& one, const std::string& name) {
  const std::string* value = one.header(name);
  require(value != nullptr, "no header " + name);
  return *value;
}

letter letter_of(const std::string& body, const std::string& key) {
  letter out;
  out.body = body;
  out.key = key;
  out.id = "id-" + body;
  return out;
}

void facts_come_as_headers(kafka_bench& b) {
  auto client = b.client(10);
  const std::vector<letter> sent = {letter_of("with", "some key"), letter_of("without", "")};
  b.source.publish(sent);
  for (const seen& one : client->take(2)) {
    require_equal(one.source, b.kafka.topic(), "source");
    require_equal(fact(one, "kafka-topic"), one.source, "kafka-topic");
    require_equal(fact(one, "kafka-partition"), one.partition, "kafka-partition");
    const std::string at = one.source + "/" + one.partition;
    require_equal(one.dedup_id, at + "/" + fact(one, "kafka-offset"), "dedup_id");
    require(std::stoll(fact(one, "kafka-timestamp")) > 1'600'000'000'000, "kafka-timestamp");
    if (one.payload == "with") {
      require_equal(fact(one, "kafka-key"), std::string("some key"), "kafka-key");
      require_equal(one.order_key, std::string("some key"), "order_key of a record with a key");
    } else {
      require(one.header("kafka-key") == nullptr, "a key that is not there");
      require_equal(one.order_key, at, "order_key of a record without a key");
    }
    require(one.content_type.empty(), "a content type that nobody named");
    client->settle(one, SPAWN_ACK);
  }
}

void config_names_what_a_record_does_not(kafka_bench& b) {
  const json change = {
      {"order", "partition"}, {"content_type", "text/csv"}, {"dedup_header", "message-id"}};
  auto client = b.client_of(change, 10);
  b.source.publish(std::vector<letter>{letter_of("a", "key")});
  const seen one = client->take_one();
  require_equal(one.order_key, one.source + "/" + one.partition, "order_key");
  require_equal(one.content_type, std::string("text/csv"), "content_type");
  require_equal(one.dedup_id, std::string("id-a"), "dedup_id from a header");
  client->settle(one, SPAWN_ACK);
}

void nothing_behind_a_hole_is_committed(kafka_bench& b) {
  {
    auto client = b.client(10);
    std::vector<letter> sent;
    for (int i = 0; i < 6; ++i) {
      sent.push_back(letter_of(std::to_string(i), "one key"));
    }
    b.source.publish(sent);
    const auto got = client->take(6);
    client->settle({got[0], got[1], got[3], got[5]}, SPAWN_ACK);
    client->quiesce();
    client->drain();
    require_equal(*b.source.waiting(), std::uint64_t{4}, "records that are not committed");
  }
  auto next = b.client(10);
  const auto again = next->take(4);
  require_same(b.marks(again), {"2", "3", "4", "5"}, "from the hole on");
  next->settle(again, SPAWN_ACK);
  b.wait_empty();
}

void a_partition_waits_for_its_oldest(kafka_bench& b) {
  auto client = b.client_of({{"max_ahead", 5}}, 100);
  std::vector<letter> sent;
  for (int i = 0; i < 40; ++i) {
    sent.push_back(letter_of(std::to_string(i), "one key"));
  }
  b.source.publish(sent);
  const seen oldest = client->take_one();
  std::vector<std::string> got = {b.mark(oldest)};
  // A little more than max_ahead may be under way.
  for (auto more = client->take_rest(); !more.empty(); more = client->take_rest()) {
    client->settle(more, SPAWN_ACK);
    const auto marks = b.marks(more);
    got.insert(got.end(), marks.begin(), marks.end());
  }
  require(got.size() < sent.size(), "it read on behind an unsettled record");
  client->settle(oldest, SPAWN_ACK);
  while (got.size() < sent.size()) {
    const seen one = client->take_one();
    client->settle(one, SPAWN_ACK);
    got.push_back(b.mark(one));
  }
  require_same(got, bodies(sent), "after the oldest was settled");
  b.wait_empty();
}

void dead_letters_say_where_they_came_from(kafka_bench& b) {
  auto client = b.client(10);
  letter sent = letter_of("poison", "key");
  sent.with = {{"x-own", "kept"}};
  b.source.publish({&sent, 1});
  const seen got = client->take_one();
  client->settle(got, SPAWN_DEAD);
  b.wait_dead({"poison"});
  const letter dead = b.kafka.cluster.read(b.kafka.dead_topic(), 1, b.source.patience()).at(0);
  const std::map<std::string, std::string> with(dead.with.begin(), dead.with.end());
  require_equal(dead.key, sent.key, "key");
  require_equal(with.at("x-own"), std::string("kept"), "the record's own header");
  require_equal(with.at("dead-letter-topic"), b.kafka.topic(), "topic");
  require_equal(with.at("dead-letter-partition"), got.partition, "partition");
  require_equal(with.at("dead-letter-offset"), fact(got, "kafka-offset"), "offset");
  require(with.contains("dead-letter-reason"), "no reason");
  require(!with.contains("kafka-offset"), "a fact of the plugin's became a header");
  b.wait_empty();
}

void a_dead_letter_is_settled_when_it_has_arrived(kafka_bench& b) {
  auto client = b.client_of({{"session_ms", 60'000}}, 10);
  b.source.publish(std::vector<letter>{letter_of("poison", "key")});
  const seen got = client->take_one();
  require(b.source.go_away(), "the gate");
  client->wait_serving(false);
  client->settle(got, SPAWN_DEAD);
  client->stays_quiet("while a dead letter is on its way");
  require(b.source.dead_letters()->empty() && *b.source.waiting() == 1, "settled without a letter");
  b.source.come_back();
  b.wait_dead({"poison"});
  b.wait_empty();
}

void without_a_dead_letter_topic_it_is_dropped_and_logged(kafka_bench& b) {
  auto client = b.client_of({{"dead_letter_topic", nullptr}}, 10);
  b.source.publish(std::vector<letter>{letter_of("poison", "key")});
  client->settle(client->take_one(), SPAWN_DEAD);
  b.wait_empty();
  const auto lines = client->host().log();
  require(std::any_of(lines.begin(), lines.end(),
                      [&](const auto& line) {
                        return line.text.find("dead record is dropped") != std::string::npos &&
                               line.text.find(b.kafka.topic()) != std::string::npos;
                      }),
          "a dropped record is not in the log");
}

// What members of one group got, all of it settled at once.
struct tally {
  std::map<std::string, int> times;  // of a mark
  std::set<source_client*> busy;     // who got something since it was cleared

  void work_off(kafka_bench& b, const std::vector<source_client*>& members, std::size_t n) {
    const auto end = std::chrono::steady_clock::now() + b.source.patience();
    while (times.size() < n) {
      require(std::chrono::steady_clock::now() < end,
              "only " + std::to_string(times.size()) + " records came");
      for (source_client* member : members) {
        const auto some = member->take(member->untaken());
        member->settle(some, SPAWN_ACK);
        for (const seen& one : some) {
          ++times[b.mark(one)];
          busy.insert(member);
        }
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
};

void members_come_and_go_and_each_record_is_settled_once(kafka_bench& b) {
  const json patient = {{"revoke_wait_ms", 20'000}, {"session_ms", 30'000}};
  tally all;
  auto first = b.client_of(patient, 7);
  (void)b.publish("alone", 100, 20);
  all.work_off(b, {first.get()}, 100);
  auto second = b.client_of(patient, 7);
  for (int round = 0; !all.busy.contains(second.get()); ++round) {
    require(round < 200, "the second member never got a partition");
    (void)b.publish("both" + std::to_string(round), 50, 20);
    all.work_off(b, {first.get(), second.get()}, all.times.size() + 50);
  }
  (void)b.publish("leaving", 100, 20);
  first->quiesce();
  first->settle(first->take(first->untaken()), SPAWN_RELEASE);
  first->drain();
  first->end();
  all.work_off(b, {second.get()}, all.times.size() + 100);
  for (const auto& [mark, n] : all.times) {
    require(n == 1, mark + " was settled " + std::to_string(n) + " times");
  }
  b.wait_empty();
}

void late_verdicts_of_a_lost_partition_do_no_harm(kafka_bench& b) {
  auto first = b.client_of({{"revoke_wait_ms", 0}}, 100);
  (void)b.publish("a", 60, 20);
  const auto held = first->take(60);
  auto second = b.client_of({{"revoke_wait_ms", 0}}, 100);
  // It took a partition whose records are not settled: they come again, all of them, to it.
  auto again = second->take(1);
  first->settle(held, SPAWN_ACK);
  for (auto more = second->take_rest(); !more.empty(); more = second->take_rest()) {
    again.insert(again.end(), more.begin(), more.end());
  }
  std::set<std::string> moved;
  for (const seen& one : again) {
    moved.insert(one.partition);
  }
  std::vector<std::string> expected;
  for (const seen& one : held) {
    if (moved.contains(one.partition)) {
      expected.push_back(b.mark(one));
    }
  }
  require_same(b.marks(again), expected, "from the partitions that moved");
  second->settle(again, SPAWN_ACK);
  b.wait_empty();
}

json secured(const kafka_bench& b, const std::string& mechanism, const std::string& password) {
  return {
      {"brokers", kafka_variable("SECURED")},
      {"group", b.kafka.topic() + mechanism},
      {"tls", {{"ca", kafka_variable("CA")}}},
      {"sasl",
       {{"mechanism", mechanism}, {"username", kafka_variable("USER")}, {"password", password}}}};
}

void it_logs_in_over_tls(kafka_bench& b) {
  (void)b.publish("a", 3);
  for (const char* mechanism : {"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"}) {
    auto client = b.client_of(secured(b, mechanism, kafka_variable("PASSWORD")), 10);
    client->settle(client->take(3), SPAWN_ACK);
    sink_client sink(*client);
    const std::string to = b.source.fresh_destination();
    require_equal(sink.send_one(to, letter_of("x", "")).status, int{SPAWN_OK}, mechanism);
  }
}

void who_is_not_let_in_says_why(kafka_bench& b) {
  json unchecked = secured(b, "PLAIN", kafka_variable("PASSWORD"));
  unchecked["tls"] = json::object();  // the system's authorities do not know the server's
  const std::map<std::string, json> wrong = {
      {"uthentication", secured(b, "SCRAM-SHA-512", "not the password")}, {"SSL", unchecked}};
  for (const auto& [says, change] : wrong) {
    auto client = b.bare_client(b.changed(change));
    client->wait_serving(false);
    const auto end = std::chrono::steady_clock::now() + b.source.patience();
    for (bool told = false; !told;) {
      const auto all = client->host().health();
      told = !all.back().serving && all.back().why.find(says) != std::string::npos;
      require(std::chrono::steady_clock::now() < end, "its health never says " + says);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    for (const auto& line : client->host().log()) {
      require(line.text.find("not the password") == std::string::npos, "a password in the log");
    }
  }
}

void a_topic_that_is_not_there_is_told_and_waited_for(kafka_bench& b) {
  const std::string name = b.kafka.topic() + "-later";
  const json change = {{"topics", json::array({name})},
                       {"properties", {{"topic.metadata.refresh.interval.ms", 500}}}};
  auto client = b.bare_client(b.changed(change));
  client->set_window(10);
  const auto end = std::chrono::steady_clock::now() + b.source.patience();
  for (bool told = false; !told;) {
    const auto all = client->host().health();
    told = !all.empty() && !all.back().serving && all.back().why.find(name) != std::string::npos;
    require(std::chrono::steady_clock::now() < end, "its health never names the topic");
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  b.kafka.cluster.make_topic(name, 1);
  client->wait_serving(true);
  b.kafka.cluster.publish(name, std::vector<letter>{letter_of("a", "")});
  client->settle(client->take_one(), SPAWN_ACK);
}

}  // namespace

std::vector<check> kafka_checks(kafka_broker& source) {
  const std::vector<std::pair<const char*, void (*)(kafka_bench&)>> all = {
      {"kafka.facts_come_as_headers", facts_come_as_headers},
      {"kafka.config_names_what_a_record_does_not", config_names_what_a_record_does_not},
      {"kafka.nothing_behind_a_hole_is_committed", nothing_behind_a_hole_is_committed},
      {"kafka.a_partition_waits_for_its_oldest", a_partition_waits_for_its_oldest},
      {"kafka.dead_letters_say_where_they_came_from", dead_letters_say_where_they_came_from},
      {"kafka.a_dead_letter_is_settled_when_it_has_arrived",
       a_dead_letter_is_settled_when_it_has_arrived},
      {"kafka.without_a_dead_letter_topic_it_is_dropped_and_logged",
       without_a_dead_letter_topic_it_is_dropped_and_logged},
      {"kafka.members_come_and_go_and_each_record_is_settled_once",
       members_come_and_go_and_each_record_is_settled_once},
      {"kafka.late_verdicts_of_a_lost_partition_do_no_harm",
       late_verdicts_of_a_lost_partition_do_no_harm},
      {"kafka.it_logs_in_over_tls", it_logs_in_over_tls},
      {"kafka.who_is_not_let_in_says_why", who_is_not_let_in_says_why},
      {"kafka.a_topic_that_is_not_there_is_told_and_waited_for",
       a_topic_that_is_not_there_is_told_and_waited_for},
  };
  std::vector<check> out;
  for (const auto& [id, one] : all) {
    out.push_back({id, [&source, run = one](const target& t) {
                     kafka_bench on(t, source);
                     run(on);
                     on.verify();
                   }});
  }
  return out;
}

}  // namespace contract
