#include "contract/activator/pubsub_checks.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <thread>

#include "contract/activator/bench.hpp"
#include "contract/activator/pubsub_tls_checks.hpp"
#include "contract/activator/sink_client.hpp"

namespace contract {

namespace {

using nlohmann::json;

// gRPC's numbers of states.
constexpr int failed_precondition = 9;
constexpr int unavailable = 14;

// Asks every 20 ms until it holds, for as long as the broker is patient.
template <class F>
void eventually(const broker& source, const std::string& what, F&& holds) {
  const auto end = std::chrono::steady_clock::now() + source.patience();
  while (!holds()) {
    require(std::chrono::steady_clock::now() < end, "waited too long for " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

// Listens, and never says a word.
class silent_server {
 public:
  silent_server() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in here{};
    here.sin_family = AF_INET;
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(here);
    auto* address = reinterpret_cast<sockaddr*>(&here);
    require(::bind(fd_, address, size) == 0 && ::listen(fd_, 16) == 0 &&
                ::getsockname(fd_, address, &size) == 0,
            "no port to listen on");
    port_ = ntohs(here.sin_port);
  }
  silent_server(const silent_server&) = delete;
  silent_server& operator=(const silent_server&) = delete;
  ~silent_server() { ::close(fd_); }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

// What one check works with. The bench's own queue is used unless the check makes another.
struct world {
  pubsub_broker& source;
  bench& b;

  [[nodiscard]] std::unique_ptr<source_client> client(const std::string& config) const {
    auto out = b.bare_client(config);
    out->wait_serving(true);
    return out;
  }
  [[nodiscard]] std::vector<json> streams() const {
    std::vector<json> out;
    const json state = source.control().state();
    for (const json& one : state["streams"]) {
      if (one["subscription"] == source.name("subscriptions", source.queue())) {
        out.push_back(one);
      }
    }
    return out;
  }
  [[nodiscard]] int calls(const char* method) const {
    return source.control().state()["calls"].value(method, 0);
  }
};

void the_streams_follow_the_window(const world& w) {
  auto client = w.client(w.source.config_of(w.source.queue(), {{"streams", 3}}));
  const auto shows = [&](std::size_t n, std::int64_t most) {
    eventually(w.source, "streams for another window", [&] {
      const auto now = w.streams();
      return now.size() == n && std::all_of(now.begin(), now.end(), [&](const json& one) {
               return one["max_outstanding"] == most && one["ack_deadline"] == 30;
             });
    });
  };
  require_equal(w.streams().size(), std::size_t{0}, "streams at a window of 0");
  client->set_window(2);
  shows(2, 1);
  client->set_window(90);
  shows(3, 30);
  client->set_window(80);
  client->stays_quiet("without messages");
  shows(3, 30);  // about the same: not worth new streams
  client->set_window(9);
  shows(3, 3);
  client->set_window(0);
  shows(0, 0);
}

void the_server_keeps_what_the_window_has_no_room_for(const world& w) {
  auto client = w.client(w.source.config_of(w.source.queue(), {{"streams", 1}}));
  client->set_window(5);
  const auto sent = w.b.publish("a", 40);
  const auto held = client->take(5);
  client->stays_quiet("beyond the window");
  std::uint64_t delivered = 0;
  for (const json& one : w.source.messages(w.source.queue())) {
    delivered += one["deliveries"].get<std::uint64_t>();
  }
  // One more waits in the server's hands for the stream.
  require(delivered <= 6,
          std::to_string(delivered) + " messages left the server, of a window of 5");
  client->settle(held, SPAWN_ACK);
  client->settle(client->take(5), SPAWN_ACK);
}

void ordering_keys_keep_their_order(const world& w) {
  api::Subscription ordering;
  ordering.set_enable_message_ordering(true);
  auto client = w.client(w.source.config_of(w.source.fresh_queue(ordering)));
  client->set_window(10);
  const auto sent = w.b.publish("a", 30, 3);
  std::map<std::string, std::string> last;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const seen one = client->take_one();
    require(last[one.order_key] < one.payload, "out of order: " + one.payload);
    last[one.order_key] = one.payload;
    const std::string* key = one.header("pubsub-ordering-key");
    require(key != nullptr && *key == one.order_key, "pubsub-ordering-key is not the key");
    client->settle(one, SPAWN_ACK);
  }
  require_equal(last.size(), std::size_t{3}, "order keys");
}

void facts_are_headers(const world& w) {
  auto client = w.b.client(1);
  letter one;
  one.body = "{}";
  one.content_type = "application/json";
  w.source.publish({&one, 1});
  const seen got = client->take_one();
  require_equal(got.source, w.source.name("subscriptions", w.source.queue()), "source");
  require_equal(*got.header("pubsub-message-id"), got.dedup_id, "pubsub-message-id");
  require_equal(*got.header("pubsub-subscription"), got.source, "pubsub-subscription");
  require(std::stoull(*got.header("pubsub-publish-time-ms")) > 1'700'000'000'000, "publish time");
  require_equal(got.content_type, std::string("application/json"), "content type");
  client->settle(got, SPAWN_ACK);
}

void acks_outlive_an_unavailable_server(const world& w) {
  auto client = w.b.client(4);
  (void)w.b.publish("a", 4);
  const auto all = client->take(4);
  w.source.control().fail("Acknowledge", 3, unavailable);
  client->settle(all, SPAWN_ACK);
  w.b.wait_empty();
}

// With exactly-once delivery the server says for each id whether it took it.
void refused_acks_are_tried_again(const world& w) {
  api::Subscription exactly_once;
  exactly_once.set_enable_exactly_once_delivery(true);
  auto client = w.client(w.source.config_of(w.source.fresh_queue(exactly_once)));
  client->set_window(4);
  (void)w.b.publish("a", 2);
  const auto all = client->take(2);
  w.source.control().fail("Acknowledge", 2, failed_precondition,
                          "TRANSIENT_FAILURE_UNORDERED_ACK_ID");
  client->settle(all, SPAWN_ACK);
  w.b.wait_empty();
}

void acks_refused_for_good_are_not(const world& w) {
  auto client = w.b.client(4);
  (void)w.b.publish("a", 1);
  const auto first = client->take_one();
  const int before = w.calls("Acknowledge");
  w.source.control().fail("Acknowledge", 1, failed_precondition,
                          "PERMANENT_FAILURE_INVALID_ACK_ID");
  client->settle(first, SPAWN_ACK);
  const seen again = client->take_one();  // when its deadline is over
  require_equal(again.dedup_id, first.dedup_id, "dedup_id");
  require_equal(w.calls("Acknowledge"), before + 1, "calls of Acknowledge");
  client->settle(again, SPAWN_ACK);
  w.b.wait_empty();
}

void a_policy_takes_dead_letters(const world& w) {
  api::Subscription with_policy;
  with_policy.mutable_dead_letter_policy()->set_max_delivery_attempts(5);
  const std::string queue = w.source.fresh_queue(with_policy);
  auto client = w.client(
      w.source.config_of(queue, {{"dead_letters", "policy"}, {"dead_letter_topic", nullptr}}));
  require((client->capabilities() & SPAWN_AC_CAP_DEAD_LETTER) != 0, "no dead letters announced");
  client->set_window(5);
  (void)w.b.publish("a", 1);
  const seen one = client->take_one();
  require_equal(static_cast<std::uint64_t>(one.attempt), std::uint64_t{1}, "attempt");
  require((one.flags & SPAWN_D_REDELIVERED) == 0, "the first delivery is no second one");
  client->settle(one, SPAWN_DEAD);
  w.b.wait_empty();  // the server acknowledges what its policy took
  require_equal(client->untaken(), std::size_t{0}, "deliveries of a dead message");
  require(w.source.messages(queue)[0]["deliveries"].get<int>() >= 5, "the policy was not reached");
}

void dead_letters_say_where_they_come_from(const world& w) {
  auto client = w.b.client(5);
  (void)w.b.publish("a", 1);
  const seen one = client->take_one();
  client->settle(one, SPAWN_DEAD);
  const letter dead = w.source.received(w.source.queue() + "-dead", 1).at(0);
  std::map<std::string, std::string> with(dead.with.begin(), dead.with.end());
  require_equal(dead.body, one.payload, "body");
  require_equal(with["dead-letter-subscription"], one.source, "dead-letter-subscription");
  require_equal(with["dead-letter-message-id"], one.dedup_id, "dead-letter-message-id");
  require_equal(with["id"], std::string("id-") + one.payload, "the message's own attribute");
}

// Not lost: it comes again, and is buried then.
void a_dead_letter_that_can_not_be_published_comes_again(const world& w) {
  auto client = w.client(
      w.source.config_of(w.source.queue(), {{"dead_letter_topic", w.source.queue() + "-late"}}));
  client->set_window(5);
  (void)w.b.publish("a", 1);
  client->settle(client->take_one(), SPAWN_DEAD);
  const seen again = client->take_one();
  client->settle(again, SPAWN_ACK);
  w.b.wait_empty();
}

void a_missing_subscription_is_told(const world& w) {
  auto client = w.b.bare_client(w.source.config_of("nowhere"));
  client->set_window(5);
  client->wait_serving(false);
  const auto told = client->host().health();
  require(told.back().why.find("nowhere") != std::string::npos,
          "health does not name the subscription: " + told.back().why);
}

void a_server_that_says_nothing_holds_nobody_up(const world& w) {
  const silent_server server;
  auto client = w.b.bare_client(w.source.config_of(
      w.source.queue(), {{"endpoint", "127.0.0.1:" + std::to_string(server.port())}}));
  client->set_window(5);
  client->wait_serving(false);
  client->end();
}

std::vector<letter> letters(std::size_t n) {
  std::vector<letter> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i].body = "m" + std::to_string(i);
    out[i].id = "id-" + out[i].body;
  }
  return out;
}

void messages_without_a_key_share_requests(const world& w) {
  auto client = w.b.client();
  sink_client sink(*client);
  const std::string to = w.source.fresh_destination();
  const int before = w.calls("Publish");
  for (const sink_result& one : sink.send(to, letters(300))) {
    require(one.status == SPAWN_OK, one.error);
  }
  const int calls = w.calls("Publish") - before;
  require(calls >= 3 && calls < 100, "300 messages took " + std::to_string(calls) + " requests");
  require_same(bodies(w.source.received(to, 300)), bodies(letters(300)), "bodies");
}

void one_bad_message_fails_alone(const world& w) {
  auto client = w.b.client();
  sink_client sink(*client);
  const std::string to = w.source.fresh_destination();
  auto all = letters(10);
  all[3].with = {{"test-refuse", "x"}};    // the server's word
  all[7].with = {{"goog-anything", "x"}};  // the plugin's
  const auto results = sink.send(to, all);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const bool bad = i == 3 || i == 7;
    require_equal(results[i].status, int{bad ? SPAWN_E_INVALID : SPAWN_OK},
                  "status of message " + std::to_string(i) + " " + results[i].error);
  }
  require_equal(w.source.received(to, 8).size(), std::size_t{8}, "messages that arrived");
}

}  // namespace

std::vector<check> pubsub_checks(pubsub_broker& source) {
  std::vector<check> out = pubsub_tls_checks();
  for (const auto& [id, run] :
       std::initializer_list<std::pair<const char*, void (*)(const world&)>>{
           {"the_streams_follow_the_window", the_streams_follow_the_window},
           {"the_server_keeps_what_the_window_has_no_room_for",
            the_server_keeps_what_the_window_has_no_room_for},
           {"ordering_keys_keep_their_order", ordering_keys_keep_their_order},
           {"facts_are_headers", facts_are_headers},
           {"acks_outlive_an_unavailable_server", acks_outlive_an_unavailable_server},
           {"refused_acks_are_tried_again", refused_acks_are_tried_again},
           {"acks_refused_for_good_are_not", acks_refused_for_good_are_not},
           {"a_policy_takes_dead_letters", a_policy_takes_dead_letters},
           {"dead_letters_say_where_they_come_from", dead_letters_say_where_they_come_from},
           {"a_dead_letter_that_can_not_be_published_comes_again",
            a_dead_letter_that_can_not_be_published_comes_again},
           {"a_missing_subscription_is_told", a_missing_subscription_is_told},
           {"a_server_that_says_nothing_holds_nobody_up",
            a_server_that_says_nothing_holds_nobody_up},
           {"messages_without_a_key_share_requests", messages_without_a_key_share_requests},
           {"one_bad_message_fails_alone", one_bad_message_fails_alone},
       }) {
    out.push_back({std::string("pubsub.") + id, [&source, run](const target& t) {
                     bench b(t, source);
                     run({source, b});
                     b.verify();
                   }});
  }
  return out;
}

}  // namespace contract
