// One request of the SQS activator's client after the other, for a server that checks signatures.
//
//   sqs_signed_client ENDPOINT SOURCE CALLS
//
// SOURCE is a value of the config key `credentials`; what it needs is in the environment. Prints a
// line for each call: "ok", or what went wrong.
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "aws_client.hpp"
#include "event_loop.hpp"
#include "settings.hpp"
#include "spawn/plugin/testing/fake_host.hpp"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: sqs_signed_client ENDPOINT SOURCE CALLS\n", stderr);
    return 2;
  }
  spawn::plugin::testing::fake_host fake;
  const spawn::plugin::host_ref host(fake.table());
  const std::string config = nlohmann::json{
      {"queue", "orders"},
      {"region", "eu-central-1"},
      {"endpoint", argv[1]},
      {"credentials", argv[2]}}.dump();
  const sqs::settings settings = sqs::parse({host, "test", config, 1, {}});
  sqs::event_loop loop;
  sqs::http_client http(loop, settings.tls, 2'000);
  sqs::credential_chain chain(host, http, settings.credentials);
  sqs::aws_client aws(host, http, chain, {settings.endpoint, settings.region, 5'000});
  int left = std::atoi(argv[3]);
  std::function<void()> next = [&] {
    if (left-- == 0) {
      return loop.end();
    }
    aws.call("ListQueues", {{"left", left}}, [&](const sqs::aws_answer& answer) {
      std::puts(answer.fault == sqs::aws_fault::none ? "ok" : answer.error.c_str());
      next();
    });
  };
  loop.post(next);
  loop.run();
  return 0;
}
