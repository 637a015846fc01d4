// The transport contract over NATS, and what is NATS's own. SPAWN_TEST_NATS_* and the like name
// servers that tests/servers/run_with.py has started.
#include <signal.h>

#include <algorithm>
#include <cstdlib>

#include "contract/common/gate.hpp"
#include "contract/common/gtest_checks.hpp"
#include "contract/common/loaded_plugin.hpp"
#include "contract/transport/asked.hpp"
#include "contract/transport/bus_client.hpp"
#include "contract/transport/transport_kv_suite.hpp"
#include "contract/transport/transport_suite.hpp"

namespace {

using contract::bus_client;
using contract::require;
using contract::require_equal;
using spawn::plugin::testing::fake_host;
using spawn::plugin::testing::fake_instance;

int made = 0;

std::string setting(const std::string& name) {
  const char* value = std::getenv(("SPAWN_TEST_" + name).c_str());
  if (value == nullptr) {
    throw contract::skipped{name + " is not set: run it through tests/servers/run_with.py"};
  }
  return value;
}

std::string prefix() {
  return R"("prefix": "t)" + std::to_string(++made) + '"';
}

std::string config_at(const std::string& url, const std::string& more = {}) {
  return R"({"url": ")" + url + R"(", )" + prefix() + (more.empty() ? "" : ", ") + more + "}";
}

// Two messages and an answer: connected, and allowed to speak and to hear.
void works(const contract::target& t, const std::string& config) {
  bus_client a(t, config);
  a.wait_link(true);
  require_equal(a.subscribe(1, "shop.*"), int{SPAWN_OK}, "subscribe");
  require_equal(a.publish("shop.x", "1").status, int{SPAWN_OK}, "publish");
  require_equal(a.take(1).front().payload, std::string("1"), "payload");
  a.verify_host();
}

void is_refused(const contract::target& t, const std::string& config) {
  bus_client a(t, config, 1, false);
  a.wait_not_serving();
  require_equal(a.publish("x", "1").status, int{SPAWN_E_UNAVAILABLE}, "publish");
}

void a_password_lets_in(const contract::target& t) {
  const std::string url = setting("NATS_GUARDED_URL");
  const std::string tls = R"("tls": {"ca": ")" + setting("NATS_GUARDED_CA") + R"("})";
  const std::string who = R"("username": ")" + setting("NATS_GUARDED_USER") + R"(", "password": ")";
  works(t, config_at(url, tls + ", " + who + setting("NATS_GUARDED_PASSWORD") + '"'));
  is_refused(t, config_at(url, tls + ", " + who + "wrong\""));
}

void an_nkey_lets_in(const contract::target& t) {
  const std::string tls = R"("tls": {"ca": ")" + setting("NATS_GUARDED_CA") + R"("})";
  works(t, config_at(setting("NATS_GUARDED_URL"),
                     tls + R"(, "nkey_seed": ")" + setting("NATS_GUARDED_NKEY_SEED") + '"'));
  is_refused(t, config_at(setting("NATS_GUARDED_URL"),
                          tls + R"(, "nkey_seed": ")" + setting("NATS_JWT_NKEY_SEED") + '"'));
}

void a_token_lets_in(const contract::target& t) {
  const std::string url = setting("NATS_TOKEN_URL");
  works(t, config_at(url, R"("token": ")" + setting("NATS_TOKEN_TOKEN") + '"'));
  is_refused(t, config_at(url));
}

void a_jwt_lets_in(const contract::target& t) {
  const std::string url = setting("NATS_JWT_URL");
  works(t, config_at(url, R"("credentials": ")" + setting("NATS_JWT_CREDENTIALS") + '"'));
  works(t, config_at(url, R"("jwt": ")" + setting("NATS_JWT_JWT") + R"(", "nkey_seed": ")" +
                              setting("NATS_JWT_NKEY_SEED") + '"'));
  is_refused(t, config_at(url));
}

void a_strange_certificate_is_refused(const contract::target& t) {
  const std::string url = setting("NATS_GUARDED_URL");
  const std::string who = R"("username": ")" + setting("NATS_GUARDED_USER") +
                          R"(", "password": ")" + setting("NATS_GUARDED_PASSWORD") + '"';
  is_refused(t, config_at(url, who));  // the system's authorities did not sign it
  const std::string ca = R"("ca": ")" + setting("NATS_GUARDED_CA") + '"';
  is_refused(t, config_at(url, who + R"(, "tls": {)" + ca + R"(, "server_name": "other.test"})"));
  works(t, config_at(url, who + R"(, "tls": {"verify": "none"})"));
}

void a_bad_config_is_refused_by_its_key(const contract::target& t) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"url": "http://x"})", "url"},
      {R"({"username": "x"})", "password"},
      {R"({"token": "x", "nkey_seed": "y"})", "token"},
      {R"({"nkey_seed": "SUnot"})", "nkey_seed"},
      {R"({"jwt": "x"})", "nkey_seed"},
      {R"({"credentials": "/not/there"})", "credentials"},
      {R"({"tls": {"cert": "/x"}})", "tls.key"},
      {R"({"tls": {"ca": "/not/there"}})", "tls.ca"},
      {R"({"prefix": "a..b"})", "prefix"},
  };
  for (const auto& [config, names] : rows) {
    fake_host host;
    spawn_host_transport services{};
    host.offer_interface(SPAWN_HOST_TRANSPORT, &services);
    const fake_instance one(host, t.entry, config);
    require(one.raw() == nullptr, std::string("create took ") + config);
    require(one.error().find(names) != std::string::npos, one.error() + " does not name " + names);
  }
}

void subscriptions_outlive_the_connection(const contract::target& t) {
  contract::gate gate(static_cast<std::uint16_t>(std::stoi(setting("NATS_PORT"))));
  const std::string at = R"({"url": "nats://127.0.0.1:)" + std::to_string(gate.port()) + "\", ";
  const std::string where = prefix();
  bus_client behind(t, at + where + "}");
  bus_client beside(t, R"({"url": ")" + setting("NATS_URL") + "\", " + where + "}");
  behind.wait_link(true);
  (void)behind.subscribe(1, "s");
  (void)behind.subscribe(2, "s", "group");
  for (int round = 0; round < 3; ++round) {
    gate.shut();
    behind.wait_link(false);
    require_equal(behind.publish("s", "x").status, int{SPAWN_E_UNAVAILABLE}, "while it is away");
    if (round == 0) {
      require_equal(behind.subscribe(3, "later"), int{SPAWN_OK}, "subscribe while it is away");
    }
    gate.open();
    behind.wait_link(true);
    (void)beside.publish("s", "back");
    (void)beside.publish("later", "back");
    require_equal(behind.take(3).size(), std::size_t{3}, "after it came back");
  }
  auto asked = beside.request("s", "q");
  const auto heard = behind.take(2);
  gate.shut();
  behind.wait_link(false);
  require_equal(behind.request("s", "q")->result().status, int{SPAWN_E_UNAVAILABLE},
                "a request while it is away");
  gate.open();
  behind.wait_link(true);
  (void)behind.reply(heard.front().reply_to, "late");
  require_equal(asked->result().reply, std::string("late"), "what was heard before it was away");
  (void)beside.subscribe(9, "other");
  auto again = behind.request("other", "q");
  (void)beside.reply(beside.take(1).front().reply_to, "a");
  require_equal(again->result().reply, std::string("a"), "a request after it came back");
  behind.verify_host();
  beside.verify_host();
}

void it_starts_and_stops_without_a_server(const contract::target& t) {
  contract::gate gate(1);
  gate.shut();
  bus_client a(t, R"({"url": "nats://127.0.0.1:)" + std::to_string(gate.port()) + R"("})", 1,
               false);
  a.wait_not_serving();
  require_equal(a.subscribe(1, "s"), int{SPAWN_OK}, "subscribe");
}

// A process that neither answers nor ends, as behind a dead network; it goes on at the end.
class frozen_server {
 public:
  frozen_server() : pid_(std::stoi(setting("NATS_PID"))) { ::kill(pid_, SIGSTOP); }
  frozen_server(const frozen_server&) = delete;
  frozen_server& operator=(const frozen_server&) = delete;
  ~frozen_server() { ::kill(pid_, SIGCONT); }

 private:
  pid_t pid_;
};

void a_server_that_falls_silent_is_left(const contract::target& t) {
  const std::string config = config_at(setting("NATS_URL"), R"("ping_ms": 100)");
  bus_client a(t, config);
  (void)a.subscribe(1, "s");
  {
    const frozen_server frozen;
    a.wait_link(false);
    // It takes connections still, and says nothing.
    bus_client b(t, config_at(setting("NATS_URL"), R"("connect_ms": 200)"), 1, false);
    b.wait_not_serving();
  }
  a.wait_link(true);
  (void)a.publish("s", "back");
  require_equal(a.take(1).front().payload, std::string("back"), "after it went on");
}

void it_stops_while_its_server_is_silent(const contract::target& t) {
  auto a = std::make_unique<bus_client>(t, t.fresh_config());
  (void)a->subscribe(1, "s");
  auto open = a->request("s", "q");
  const frozen_server frozen;
  const std::string big(100'000, 'x');
  int sent = 0;
  while (sent < 10'000 && a->publish("t", big).status == SPAWN_OK) {
    ++sent;  // until the sockets are full
  }
  require(sent < 10'000, "a server that reads nothing takes everything");
  a.reset();
}

void the_next_server_is_tried(const contract::target& t) {
  contract::gate gate(1);
  gate.shut();
  const std::string dead = "nats://127.0.0.1:" + std::to_string(gate.port());
  works(t, config_at(dead + "," + setting("NATS_URL") + "," + dead));
}

void strange_headers_arrive(const contract::target& t) {
  const std::string config = t.fresh_config();
  bus_client a(t, config);
  (void)a.subscribe(1, "s");
  const contract::headers sent = {{"lines", "a\r\nb"},
                                  {"blank", " a "},
                                  {"mark", "%%41"},
                                  {"words", "gr\xc3\xbc\xc3\x9f"},
                                  {"nul", std::string("a\0b", 3)}};
  require_equal(a.publish("s", "x", sent).status, int{SPAWN_OK}, "publish");
  const auto got = a.take(1).front();
  for (const auto& one : sent) {
    require(std::find(got.with.begin(), got.with.end(), one) != got.with.end(),
            "the header " + one.first + " is changed");
  }
  require_equal(a.publish("s", "x", {{"no name", "v"}}).status, int{SPAWN_E_INVALID}, "a name");
  a.verify_host();
}

void what_is_held_is_bounded(const contract::target& t) {
  bus_client a(t, config_at(setting("NATS_URL"), R"("max_held": 5)"));
  (void)a.subscribe(1, "s", "", 0);
  (void)a.subscribe(2, "s");
  for (int i = 0; i < 9; ++i) {
    (void)a.publish("s", std::to_string(i));
  }
  (void)a.take(9);
  a.grant(1, 100);
  const auto got = a.take(5);
  require_equal(got.size(), std::size_t{5}, "messages held");
  require_equal(got.back().payload, std::string("4"), "the oldest are kept");
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  contract::target t;
  t.entry = contract::load_plugin(SPAWN_TEST_PLUGIN);
  t.one_lane = contract::manifest_says(t.entry, R"("lanes":"one")");
  t.fresh_config = [] { return config_at(setting("NATS_URL")); };
  contract::register_checks(contract::transport_checks(), t);
  contract::register_checks(contract::transport_random_checks(), t);
  contract::register_checks(contract::transport_leave_checks(), t);
  contract::register_checks(contract::transport_kv_checks(), t);
  contract::register_checks(
      {{"nats.a_password_lets_in", a_password_lets_in},
       {"nats.an_nkey_lets_in", an_nkey_lets_in},
       {"nats.a_token_lets_in", a_token_lets_in},
       {"nats.a_jwt_lets_in", a_jwt_lets_in},
       {"nats.a_strange_certificate_is_refused", a_strange_certificate_is_refused},
       {"nats.a_bad_config_is_refused_by_its_key", a_bad_config_is_refused_by_its_key},
       {"nats.subscriptions_outlive_the_connection", subscriptions_outlive_the_connection},
       {"nats.it_starts_and_stops_without_a_server", it_starts_and_stops_without_a_server},
       {"nats.a_server_that_falls_silent_is_left", a_server_that_falls_silent_is_left},
       {"nats.it_stops_while_its_server_is_silent", it_stops_while_its_server_is_silent},
       {"nats.the_next_server_is_tried", the_next_server_is_tried},
       {"nats.strange_headers_arrive", strange_headers_arrive},
       {"nats.what_is_held_is_bounded", what_is_held_is_bounded}},
      t);
  return RUN_ALL_TESTS();
}
