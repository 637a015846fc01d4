// The activator contract over a JetStream consumer, and what is NATS's own: what the plugin makes
// at the server, and core NATS with its requests. SPAWN_TEST_NATS_* names a server that
// tests/servers/run_with.py has started.
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>

#include "contract/activator/activator_main.hpp"
#include "contract/activator/nats_driver.hpp"
#include "contract/activator/sink_client.hpp"
#include "contract/common/gate.hpp"

namespace {

using contract::bench;
using contract::letter;
using contract::nats_driver;
using contract::require;
using contract::require_equal;

class nats_broker : public contract::broker {
 public:
  nats_broker(const std::string& url, std::uint16_t port) : gate_(port), nobody_(1), driver(url) {
    nobody_.shut();
  }

  [[nodiscard]] std::string behind_the_gate() const { return at(gate_.port()); }

  [[nodiscard]] std::chrono::milliseconds patience() const override {
    return std::chrono::seconds(60);
  }
  // What a check holds must not run out on a machine that is busy: hence the long ack_wait.
  std::string fresh_config() override {
    gate_.open();
    name_ = fresh_name();
    driver.make_stream(name_, name_ + ".>");
    driver.make_stream(name_ + "-dead", "dead." + name_);
    return R"({"url": ")" + behind_the_gate() + R"(", "stream": ")" + name_ +
           R"(", "consumer": "kernel", "ack_wait_ms": 15000, "dead_letter_subject": "dead.)" +
           name_ + R"("})";
  }
  void publish(std::span<const letter> letters) override {
    std::vector<std::pair<std::string, letter>> all;
    for (const letter& one : letters) {
      all.emplace_back(name_ + "." + (one.key.empty() ? "none" : one.key), one);
    }
    driver.publish(all);
  }
  [[nodiscard]] std::optional<std::uint64_t> waiting() override {
    return driver.waiting(name_, "kernel");
  }
  [[nodiscard]] std::optional<std::vector<std::string>> dead_letters() override {
    return contract::bodies(driver.messages(name_ + "-dead"));
  }
  bool go_away() override {
    gate_.shut();
    return true;
  }
  void come_back() override { gate_.open(); }
  [[nodiscard]] std::optional<std::string> config_of_nobody() override {
    return R"({"url": ")" + at(nobody_.port()) + R"(", "stream": "none"})";
  }
  [[nodiscard]] std::vector<contract::bad_config> bad_configs() override {
    return {{R"({})", "stream"},
            {R"({"stream": "a b"})", "stream"},
            {R"({"stream": "a", "consumer": "x.y"})", "consumer"},
            {R"({"stream": "a", "filter": "x..y"})", "filter"},
            {R"({"stream": "a", "subjects": ["x"]})", "subjects"},
            {R"({"jetstream": false})", "subjects"},
            {R"({"jetstream": false, "subjects": ["x"], "stream": "a"})", "stream"},
            {R"({"stream": "a", "order_by": "header"})", "order_header"},
            {R"({"stream": "a", "dead_letter_subject": "x.*"})", "dead_letter_subject"},
            {R"({"stream": "a", "create_stream": {}})", "create_stream.subjects"},
            {R"({"stream": "a", "url": "ftp://x"})", "url"}};
  }

  std::string fresh_destination() override {
    const std::string name = fresh_name();
    driver.make_stream(name, "out." + name);
    return "out." + name;
  }
  std::vector<letter> received(const std::string& destination, std::size_t n) override {
    const auto end = std::chrono::steady_clock::now() + patience();
    for (;;) {
      auto out = driver.messages(destination.substr(4));
      if (out.size() >= n) {
        return out;
      }
      require(std::chrono::steady_clock::now() < end, "what was sent did not arrive");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  [[nodiscard]] std::optional<std::string> missing_destination() override {
    return "nowhere.at.all";
  }
  [[nodiscard]] std::size_t too_large() override { return 9u << 20; }

  [[nodiscard]] std::string fresh_name() {
    return "q" + std::to_string(++made_) + "-" + std::to_string(::getpid());
  }

 private:
  static std::string at(std::uint16_t port) { return "nats://127.0.0.1:" + std::to_string(port); }
  contract::gate gate_, nobody_;
  std::string name_;
  int made_ = 0;

 public:
  nats_driver driver;
};

// What stands in the way of a plain function as a check.
template <class F>
contract::check own(const char* id, nats_broker& with, F run) {
  return {id, [&with, run](const contract::target& t) {
            bench b(t, with);
            run(b, with);
            b.verify();
          }};
}

void stream_and_consumer_are_made(bench& b, nats_broker& with) {
  const std::string name = with.fresh_name();
  auto client = b.bare_client(R"({"url": ")" + with.behind_the_gate() + R"(", "stream": ")" + name +
                              R"(", "create_stream": {"subjects": [")" + name +
                              R"(.*"], "storage": "memory", "retention": "workqueue"},)" +
                              R"("filter": ")" + name + R"(.yes"})");
  client->wait_serving(true);
  client->set_window(5);
  letter one;
  one.body = "x";
  with.driver.publish(name + ".no", one);
  with.driver.publish(name + ".yes", one);
  const auto got = client->take_one();
  const std::string* subject = got.header("nats-subject");
  require(subject != nullptr && *subject == name + ".yes", "a subject beside the filter");
  require_equal(got.source, name, "source");
  require_equal(got.partition, std::string("test"), "the consumer is named as the instance");
  require(got.header("nats-sequence") != nullptr, "no nats-sequence");
  require(!got.dedup_id.empty(), "no dedup_id without a Nats-Msg-Id");
  client->settle(got, SPAWN_ACK);
  client->stays_quiet("beside the filter");
}

void a_stream_that_is_not_there_is_waited_for(bench& b, nats_broker& with) {
  const std::string name = with.fresh_name();
  auto client =
      b.bare_client(R"({"url": ")" + with.behind_the_gate() + R"(", "stream": ")" + name + R"("})");
  client->wait_serving(false);
  const auto told = client->host().health();
  require(told.back().why.find(name) != std::string::npos, "health does not name the stream");
  with.driver.make_stream(name, name);
  client->wait_serving(true);
  client->set_window(1);
  letter one;
  one.body = "first";
  with.driver.publish(name, one);
  client->settle(client->take_one(), SPAWN_ACK);
  // Somebody takes it away under the running instance, and makes it anew: the numbers begin again.
  with.driver.delete_stream(name);
  client->wait_serving(false);
  with.driver.make_stream(name, name);
  client->wait_serving(true);
  one.body = "second";
  with.driver.publish(name, one);
  const auto got = client->take_one();
  require_equal(got.payload, std::string("second"), "after the stream was made anew");
  client->settle(got, SPAWN_ACK);
}

void a_dead_letter_that_nobody_takes_comes_again(bench& b, nats_broker& with) {
  const std::string name = with.fresh_name();
  with.driver.make_stream(name, name);
  auto client = b.bare_client(R"({"url": ")" + with.behind_the_gate() + R"(", "stream": ")" + name +
                              R"(", "dead_letter_subject": "nobody.takes.this"})");
  client->wait_serving(true);
  client->set_window(1);
  letter one;
  one.body = "x";
  with.driver.publish(name, one);
  client->settle(client->take_one(), SPAWN_DEAD);
  const auto again = client->take_one();
  require(again.attempt == 2, "it came as a new one");
  client->settle(again, SPAWN_ACK);
}

std::string core_config(const nats_broker& with, const std::string& subject,
                        const std::string& more = {}) {
  return R"({"url": ")" + with.behind_the_gate() + R"(", "jetstream": false, "subjects": [")" +
         subject + R"("])" + more + "}";
}

void core_messages_arrive(bench& b, nats_broker& with) {
  const std::string name = with.fresh_name();
  auto client = b.bare_client(core_config(with, name + ".*"));
  client->wait_serving(true);
  letter one;
  one.body = "early";
  with.driver.publish_plain(name + ".a", one);
  client->stays_quiet("with a window of 0");
  client->set_window(2);
  std::vector<contract::seen> held;
  while (held.empty()) {  // until it listens
    one.body = "probe";
    with.driver.publish_plain(name + ".a", one);
    held = client->take_rest();
  }
  client->settle(held, SPAWN_ACK);
  one.id = "id-1";
  for (int i = 0; i < 5; ++i) {
    one.body = std::to_string(i);
    with.driver.publish_plain(name + ".b", one);
  }
  held = client->take(2);
  client->stays_quiet("beyond the window");
  require_equal(held[0].payload, std::string("0"), "payload");
  require_equal(held[0].source, name + ".*", "source");
  require_equal(held[0].order_key, name + ".b", "order_key");
  require_equal(held[0].dedup_id, std::string("id-1"), "dedup_id");
  require(held[0].flags == 0, "nobody waits for it");
  client->settle(held, SPAWN_ACK);
  held = client->take(2);
  client->settle(held, SPAWN_ACK);
  client->settle(client->take_one(), SPAWN_ACK);
}

void core_requests_are_answered(bench& b, nats_broker& with) {
  const std::string name = with.fresh_name();
  auto client = b.bare_client(core_config(with, name, R"(, "queue_group": "g")"));
  client->wait_serving(true);
  require((client->capabilities() & SPAWN_AC_CAP_REPLY) != 0, "no CAP_REPLY");
  letter ask;
  ask.body = "q";
  require(with.driver.request(name, ask, 2'000).nobody, "it listens with a window of 0");
  client->set_window(4);
  const auto asking = [&](auto settle) {
    nats_driver::heard heard;
    std::string broken;
    std::thread other([&] {
      try {
        do {
          heard = with.driver.request(name, ask, 20'000);
        } while (heard.nobody);
      } catch (const contract::failed& f) {
        broken = f.what;
      }
    });
    try {
      const auto got = client->take_one();
      require((got.flags & SPAWN_D_WANT_REPLY) != 0, "a request that wants no reply");
      settle(got);
    } catch (...) {
      other.join();
      throw;
    }
    other.join();
    require(broken.empty(), broken);
    return heard.message;
  };
  const letter fine = asking([&](const contract::seen& got) {
    client->settle_with_reply(got, SPAWN_OK, "answer", {{"x-more", "1"}});
  });
  require_equal(fine.body, std::string("answer"), "the answer");
  require(fine.with == contract::headers{{"x-more", "1"}}, "headers of the answer");
  const letter error = asking([&](const contract::seen& got) {
    client->settle_with_reply(got, SPAWN_E_NOT_FOUND, "no such\r\norder", {});
  });
  require(error.body.empty() && error.with.size() == 2, "an error is an answer with two headers");
  const letter gone = asking([&](const contract::seen& got) { client->settle(got, SPAWN_DEAD); });
  require(gone.with.size() == 2, "who asked is told of a dead message, too");
}

void core_pause_gives_the_subscription_up(bench& b, nats_broker& with) {
  const std::string name = with.fresh_name();
  auto client = b.bare_client(core_config(with, name));
  client->wait_serving(true);
  letter ask;
  for (int round = 0; round < 2; ++round) {
    client->set_window(4);
    for (bool nobody = true; nobody;) {
      std::atomic<bool> over{false};
      std::string broken;
      std::thread other([&] {
        try {
          nobody = with.driver.request(name, ask, 20'000).nobody;
        } catch (const contract::failed& f) {
          broken = f.what;
          nobody = false;
        }
        over = true;
      });
      while (!over) {
        for (const auto& one : client->take_rest()) {
          client->settle_with_reply(one, SPAWN_OK, "a", {});
        }
      }
      other.join();
      require(broken.empty(), broken);
    }
    client->set_window(0, true);
    while (!with.driver.request(name, ask, 20'000).nobody) {
    }
  }
}

void core_publishing_is_confirmed(bench& b, nats_broker& with) {
  const std::string name = with.fresh_name();
  auto client = b.bare_client(core_config(with, name, R"(, "sink_subject": "to.)" + name + '"'));
  client->wait_serving(true);
  contract::sink_client sink(*client);
  require((sink.capabilities() & SPAWN_SINK_CAP_DEDUP) == 0, "core NATS drops no duplicates");
  auto listener = with.driver.listen("to." + name);
  letter one;
  one.body = "x";
  one.id = "id";
  require_equal(sink.send_one("", one).status, int{SPAWN_OK}, "to the default destination");
  require_equal(listener.next().body, std::string("x"), "what arrived");
}

void a_stream_drops_a_second_message_with_one_id(bench& b, nats_broker& with) {
  auto client = b.client();
  contract::sink_client sink(*client);
  const std::string to = with.fresh_destination();
  letter one;
  one.body = "x";
  one.id = "same";
  for (int i = 0; i < 3; ++i) {
    require_equal(sink.send_one(to, one).status, int{SPAWN_OK}, "try");
  }
  require_equal(with.received(to, 1).size(), std::size_t{1}, "messages of one id");
  require_equal(sink.send_one("", one).status, int{SPAWN_E_INVALID}, "no destination");
  require_equal(sink.send_one("a b", one).status, int{SPAWN_E_INVALID}, "no subject");
}

}  // namespace

int main(int argc, char** argv) {
  const char* url = std::getenv("SPAWN_TEST_NATS_URL");
  const char* port = std::getenv("SPAWN_TEST_NATS_PORT");
  if (url == nullptr || port == nullptr) {
    std::fputs("SPAWN_TEST_NATS_URL is not set: run it through tests/servers/run_with.py\n",
               stderr);
    return contract::skipped_program;
  }
  nats_broker broker(url, static_cast<std::uint16_t>(std::atoi(port)));
  return contract::run_activator_contract(
      argc, argv, SPAWN_TEST_PLUGIN, broker,
      {own("nats.stream_and_consumer_are_made", broker, stream_and_consumer_are_made),
       own("nats.a_stream_that_is_not_there_is_waited_for", broker,
           a_stream_that_is_not_there_is_waited_for),
       own("nats.a_dead_letter_that_nobody_takes_comes_again", broker,
           a_dead_letter_that_nobody_takes_comes_again),
       own("nats.a_stream_drops_a_second_message_with_one_id", broker,
           a_stream_drops_a_second_message_with_one_id),
       own("nats.core_messages_arrive", broker, core_messages_arrive),
       own("nats.core_requests_are_answered", broker, core_requests_are_answered),
       own("nats.core_pause_gives_the_subscription_up", broker,
           core_pause_gives_the_subscription_up),
       own("nats.core_publishing_is_confirmed", broker, core_publishing_is_confirmed)});
}
