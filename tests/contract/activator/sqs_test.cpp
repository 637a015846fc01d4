// The activator contract over an SQS emulator, whose URL is in SPAWN_TEST_SQS_FAUXQS_URL or
// SPAWN_TEST_SQS_MOTO_URL: the whole of it with a standard queue, and a part with a FIFO queue.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "contract/activator/activator_main.hpp"
#include "contract/activator/bench.hpp"
#include "contract/activator/sqs_broker.hpp"

namespace {

using contract::bench;

// Of the suite: what does not need more of one group than the service lets out before the first of
// them are settled.
const std::set<std::string> with_fifo = {
    "delivery.headers_arrive_as_they_were", "sink.a_message_arrives_whole",
    "sink.bodies_of_all_sizes_arrive",      "sink.many_are_in_flight",
    "sink.a_key_keeps_its_order",           "sink.no_such_destination"};

void a_group_keeps_its_order(bench& b) {
  auto client = b.client(32);
  const auto sent = b.publish("a", 120, 4);
  std::map<std::string, std::string> last;  // of each group
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const contract::seen one = client->take_one();
    std::string& before = last[one.order_key];
    contract::require(before < one.payload, one.payload + " came after " + before);
    before = one.payload;
    client->settle(one, SPAWN_ACK);
  }
  contract::require_equal(last.size(), std::size_t{4}, "order keys");
  b.wait_empty();
}

void a_retry_comes_before_what_follows(bench& b) {
  auto client = b.client(1);
  const auto sent = b.publish("a", 4);
  for (const contract::letter& next : sent) {
    const contract::seen first = client->take_one();
    contract::require_equal(first.payload, next.body, "the next of its group");
    client->settle(first, SPAWN_RETRY);
    const contract::seen again = client->take_one();
    contract::require_equal(again.payload, next.body, "after a retry");
    contract::require_equal(again.dedup_id, first.dedup_id, "dedup_id after a retry");
    client->settle(again, SPAWN_ACK);
  }
  b.wait_empty();
}

contract::check fifo_check(const char* id, void (*run)(bench&), contract::broker& source) {
  return {id, [run, &source](const contract::target& t) {
            bench b(t, source);
            run(b);
            b.verify();
          }};
}

std::vector<contract::check> fifo_checks(contract::broker& source) {
  std::vector<contract::check> out;
  for (contract::check& one : contract::activator_checks(source)) {
    if (with_fifo.contains(one.id)) {
      one.id.insert(0, "fifo_");
      out.push_back(std::move(one));
    }
  }
  out.push_back(fifo_check("fifo.a_group_keeps_its_order", a_group_keeps_its_order, source));
  out.push_back(fifo_check("fifo.a_retry_comes_before_what_follows",
                           a_retry_comes_before_what_follows, source));
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  contract::sqs_pace pace;
  const char* url = std::getenv("SPAWN_TEST_SQS_FAUXQS_URL");
  if (url == nullptr) {
    // Two requests at the same time get the same message from it; and it takes its time.
    pace = {1, 30, std::chrono::seconds(60)};
    url = std::getenv("SPAWN_TEST_SQS_MOTO_URL");
  }
  if (url == nullptr) {
    std::fputs("no SPAWN_TEST_SQS_*_URL is set: run it through tests/servers/run_with.py\n",
               stderr);
    return contract::skipped_program;
  }
  contract::sqs_broker standard(url, false, pace);
  contract::sqs_broker fifo(url, true, pace);
  return contract::run_activator_contract(argc, argv, SPAWN_TEST_PLUGIN, standard,
                                          fifo_checks(fifo));
}
