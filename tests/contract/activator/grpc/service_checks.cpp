// What is served beside actors: health, reflection, TLS; and the port.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "contract/activator/grpc/actor_kernel.hpp"
#include "contract/activator/grpc/caller.hpp"
#include "contract/activator/grpc/certificates.hpp"
#include "contract/activator/grpc/checks.hpp"
#include "contract/activator/grpc/contracts.hpp"
#include "contract/activator/grpc/http_client.hpp"
#include "contract/common/free_port.hpp"

namespace grpc_test {
namespace {

using contract::require;
using contract::require_equal;
using contract::target;

const std::string serving = field(1, std::uint64_t{1});
const std::string not_serving = field(1, std::uint64_t{2});

std::optional<given> say_done(const request&) {
  return reply("done");
}

void health_can_be_asked(const target& t) {
  actor_kernel kernel(t.entry, say_done);
  const caller client(kernel.port());
  const auto check = [&](const std::string& service) {
    return client.unary("/grpc.health.v1.Health/Check", field(1, service));
  };
  require_equal(check("").message, serving, "the server");
  require_equal(check("shop.v1.Desk").message, serving, "a service");
  require_equal(check("shop.v1.Hidden").code, 5, "a service that is not served");
  kernel.end();
}

void health_can_be_watched(const target& t) {
  actor_kernel kernel(t.entry, say_done);
  const caller client(kernel.port());
  const auto watch = client.open("/grpc.health.v1.Health/Watch");
  require(watch->write(field(1, "shop.v1.Desk")), "write");
  require_equal(watch->read().value_or(""), serving, "at first");
  kernel.set_window(0, true);
  require_equal(watch->read().value_or(""), not_serving, "while it is paused");
  kernel.set_window(5);
  require_equal(watch->read().value_or(""), serving, "after the pause");
  const auto other = client.open("/grpc.health.v1.Health/Watch");
  require(other->write(field(1, "nobody")), "write");
  require_equal(other->read().value_or(""), field(1, std::uint64_t{3}), "an unknown service");
  kernel.end();
}

void every_service_is_alive(const target& t) {
  actor_kernel kernel(t.entry, say_done);
  const caller client(kernel.port());
  for (const auto& [method, words] :
       {std::pair{"/shop.v1.Desk/Readiness", "I'm alive!"},
        {"/spawn.actors.healthcheck.HealthCheckActor/Readiness", "I'm alive!"},
        {"/spawn.actors.healthcheck.HealthCheckActor/Liveness", "I'm still alive!"}}) {
    const auto got = client.unary(method, "");
    require_equal(got.code, 0, method);
    require(got.message.find(field(1, "OK") + field(2, words)) != std::string::npos, method);
  }
  require_equal(kernel.count(), std::size_t{0}, "requests that reached the kernel");
  kernel.end();
}

void contracts_can_be_reflected(const target& t) {
  actor_kernel kernel(t.entry, say_done);
  const caller client(kernel.port());
  for (const char* version : {"v1", "v1alpha"}) {
    const auto ask = client.open(std::string("/grpc.reflection.") + version +
                                 ".ServerReflection/ServerReflectionInfo");
    const auto answer = [&](std::uint32_t question, const std::string& value) {
      require(ask->write(field(question, value)), "write");
      return ask->read().value_or("");
    };
    const auto has = [](const std::string& in, const std::string& what) {
      return in.find(what) != std::string::npos;
    };
    const auto list = answer(7, "*");
    require(has(list, field(1, "shop.v1.Desk")) && has(list, field(1, "grpc.health.v1.Health")),
            "the list of services");
    require(!has(list, "shop.v1.Hidden"), "a service that is not served");
    const auto file = answer(4, "shop.v1.Order");
    require(has(file, field(1, "shop/v1/shop.proto")) &&
                has(file, field(1, "google/protobuf/descriptor.proto")),
            "the file of a symbol, with what it imports");
    require(has(answer(3, "google/api/http.proto"), field(1, "google/api/http.proto")), "a file");
    require(has(answer(5, field(1, "google.protobuf.FieldOptions") + field(2, std::uint64_t{9999})),
                field(1, "spawn/actors/extensions.proto")),
            "the file of an extension");
    require(has(answer(6, "google.protobuf.FieldOptions"), field(2, std::uint64_t{9999})),
            "numbers of extensions");
    const std::string unknown = field(1, std::uint64_t{5}) + field(2, "not known here");
    require(has(answer(4, "shop.v1.Nothing"), unknown), "an unknown symbol");
    require(has(answer(9, "x"), field(1, std::uint64_t{3})), "no question");
    ask->half_close();
    require_equal(ask->finish().code, 0, "status");
  }
  kernel.end();
}

void reflection_can_be_off(const target& t) {
  actor_kernel kernel(t.entry, say_done, {.more = R"(, "reflection": false)"});
  const caller client(kernel.port());
  const auto got =
      client.unary("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", field(7, "*"));
  require_equal(got.code, 12, "reflection that is off");
  kernel.end();
}

void the_port_belongs_to_one(const target& t) {
  actor_kernel first(t.entry, say_done);
  spawn::plugin::testing::fake_host host;
  host.clock.run();
  spawn_host_activator services{};
  services.struct_size = sizeof(services);
  host.offer_interface(SPAWN_HOST_ACTIVATOR, &services);
  contract::temp_dir dir;
  std::ofstream(dir.path("shop.proto")) << shop_proto();
  spawn::plugin::testing::fake_instance second(host, t.entry,
                                               R"({"address": "127.0.0.1", "protos": [")" +
                                                   dir.path() + R"("], "port": )" +
                                                   std::to_string(first.port()) + "}");
  require(second.raw() != nullptr && second.start(), "start: " + second.error());
  const auto wait_for = [&](bool wanted) {
    for (int i = 0; i < 3'000; ++i) {
      const auto said = host.health();
      if (!said.empty() && said.back().serving == wanted) {
        return said.back().why;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    throw contract::failed{"the health never changes"};
  };
  require(wait_for(false).find(std::to_string(first.port())) != std::string::npos,
          "the reason does not name the port");
  first.end();
  (void)wait_for(true);
}

// --- TLS ----------------------------------------------------------------------------------------

std::string tls_config(const certificates& with, bool clients) {
  return R"(, "tls": {"cert": ")" + with.path("server.pem") + R"(", "key": ")" +
         with.path("server.key") + "\"" +
         (clients ? R"(, "ca": ")" + with.path("ca.pem") + "\"" : std::string()) + "}";
}

call_result call_with(std::uint16_t port, const certificates& with, bool own_certificate) {
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = with.text("ca.pem");
  if (own_certificate) {
    options.pem_cert_chain = with.text("client.pem");
    options.pem_private_key = with.text("client.key");
  }
  const caller client(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::SslCredentials(options)));
  return client.unary("/shop.v1.Desk/Say", field(1, "x"));
}

void both_ports_can_be_encrypted(const target& t) {
  const certificates with;
  actor_kernel kernel(t.entry, say_done, {.more = tls_config(with, false), .http = true});
  const auto got = call_with(kernel.port(), with, false);
  require_equal(got.code, 0, "a call under TLS: " + got.text);
  const auto plain = caller(kernel.port()).unary("/shop.v1.Desk/Say", "");
  require_equal(plain.code, 14, "a call in clear");
  http_client http(kernel.http_port(), with.path("ca.pem"));
  require_equal(http.get("/v1/say?text=x").status, 200, "HTTPS");
  kernel.end();
}

void clients_may_have_to_show_a_certificate(const target& t) {
  const certificates with;
  actor_kernel kernel(t.entry, say_done, {.more = tls_config(with, true)});
  require_equal(call_with(kernel.port(), with, true).code, 0, "with a certificate");
  require_equal(call_with(kernel.port(), with, false).code, 14, "without a certificate");
  kernel.end();
}

}  // namespace

std::vector<contract::check> service_checks() {
  return {{"services.health_can_be_asked", health_can_be_asked},
          {"services.health_can_be_watched", health_can_be_watched},
          {"services.every_service_is_alive", every_service_is_alive},
          {"services.contracts_can_be_reflected", contracts_can_be_reflected},
          {"services.reflection_can_be_off", reflection_can_be_off},
          {"services.the_port_belongs_to_one", the_port_belongs_to_one},
          {"tls.both_ports_can_be_encrypted", both_ports_can_be_encrypted},
          {"tls.clients_may_have_to_show_a_certificate", clients_may_have_to_show_a_certificate}};
}

}  // namespace grpc_test
