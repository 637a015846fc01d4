#include "contract/activator/pubsub_tls_checks.hpp"

#include <cstdlib>
#include <fstream>

#include "contract/activator/bench.hpp"
#include "contract/activator/pubsub_account.hpp"
#include "contract/activator/pubsub_driver.hpp"
#include "contract/activator/sink_client.hpp"
#include "contract/common/temp_dir.hpp"

namespace contract {

namespace {

using nlohmann::json;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) {
    throw skipped{std::string(name) + " is not set: run it beside pubsub_tls"};
  }
  return value;
}

// A server of its own, reached without a gate; there is nothing to fetch.
class tls_broker : public broker {
 public:
  tls_broker() { file("key.json", account().key_file()); }

  [[nodiscard]] std::chrono::milliseconds patience() const override {
    return std::chrono::minutes(2);
  }

  std::string fresh_config() override { return config({}); }
  void publish(std::span<const letter>) override {}

  [[nodiscard]] std::string config(const json& more) const {
    json out{{"credentials_file", folder.path("key.json")},
             {"endpoint", variable("SPAWN_TEST_PUBSUB_TLS_ENDPOINT")},
             {"project", variable("SPAWN_TEST_PUBSUB_TLS_PROJECT")},
             {"tls", {{"ca", variable("SPAWN_TEST_PUBSUB_TLS_CA")}}},
             {"topic", "nowhere"}};
    if (more.is_object()) {
      out.merge_patch(more);
    }
    return out.dump();
  }
  void file(const std::string& name, const std::string& text) const {
    std::ofstream(folder.path(name)) << text;
  }

  // One for all: making a key takes its time.
  [[nodiscard]] static const test_account& account() {
    static const test_account made;
    return made;
  }

  const temp_dir folder;
};

struct tls_world {
  tls_broker& source;
  bench& b;

  // The server has an answer for us: there is no such topic.
  void is_answered(source_client& client) const {
    client.wait_serving(true);
    sink_client sink(client);
    letter one;
    one.body = "x";
    const sink_result result = sink.send_one("", one);
    require_equal(result.status, int{SPAWN_E_NOT_FOUND}, "status, " + result.error);
  }
};

void tokens_are_signed_with_the_key_file(const tls_world& w) {
  auto client = w.b.bare_client();
  const std::int64_t now = client->host().clock.unix_ms() / 1'000;
  w.is_answered(*client);
  const pubsub_control control(variable("SPAWN_TEST_PUBSUB_TLS_CONTROL"));
  const std::string said = control.state()["authorization"];
  require(said.starts_with("Bearer "), "no token in the call");
  const auto token = tls_broker::account().take_apart(std::string_view(said).substr(7));
  require(token.signed_by_us, "the token is not signed with the key of the file");
  require_equal(token.claims["aud"].get<std::string>(),
                std::string("https://pubsub.googleapis.com/"), "aud");
  require_equal(token.claims["iss"].get<std::string>(), std::string("spawn@test.example"), "iss");
  const std::int64_t made = token.claims["iat"];
  require(made >= now && made <= now + 600, "the token is not of now, by the host's clock");
}

// The right name, signed by somebody else.
void a_certificate_of_a_stranger_is_refused(const tls_world& w) {
  auto client = w.b.bare_client(w.source.config({{"tls", {{"ca", nullptr}}}}));
  client->wait_serving(false);
  sink_client sink(*client);
  letter one;
  one.body = "x";
  const sink_result result = sink.send_one("", one, sink.now_ns() + 2'000'000'000);
  require(result.status == SPAWN_E_UNAVAILABLE || result.status == SPAWN_E_UNKNOWN_OUTCOME,
          "status " + std::to_string(result.status));
}

void verify_none_takes_any_certificate(const tls_world& w) {
  auto client = w.b.bare_client(w.source.config({{"tls", {{"ca", nullptr}, {"verify", "none"}}}}));
  w.is_answered(*client);
}

void verify_ca_takes_what_the_authority_signed(const tls_world& w) {
  auto client = w.b.bare_client(w.source.config({{"tls", {{"verify", "ca"}}}}));
  w.is_answered(*client);
}

void verify_ca_refuses_what_another_signed(const tls_world& w) {
  // Any authority but the server's: the system's own.
  auto client = w.b.bare_client(w.source.config({{"tls", {{"ca", nullptr}, {"verify", "ca"}}}}));
  client->wait_serving(false);
}

}  // namespace

std::vector<check> pubsub_tls_checks() {
  std::vector<check> out;
  for (const auto& [id, run] :
       std::initializer_list<std::pair<const char*, void (*)(const tls_world&)>>{
           {"tokens_are_signed_with_the_key_file", tokens_are_signed_with_the_key_file},
           {"a_certificate_of_a_stranger_is_refused", a_certificate_of_a_stranger_is_refused},
           {"verify_none_takes_any_certificate", verify_none_takes_any_certificate},
           {"verify_ca_takes_what_the_authority_signed", verify_ca_takes_what_the_authority_signed},
           {"verify_ca_refuses_what_another_signed", verify_ca_refuses_what_another_signed},
       }) {
    out.push_back({std::string("pubsub_tls.") + id, [run](const target& t) {
                     tls_broker source;
                     bench b(t, source);
                     run({source, b});
                     b.verify();
                   }});
  }
  return out;
}

}  // namespace contract
