// Configs: what is refused, by which words; where contracts come from.
#include <google/protobuf/descriptor.pb.h>

#include <filesystem>
#include <fstream>

#include "contract/activator/grpc/actor_kernel.hpp"
#include "contract/activator/grpc/checks.hpp"
#include "contract/activator/grpc/contracts.hpp"

namespace grpc_test {
namespace {

using contract::require;
using contract::require_equal;
using contract::target;

struct made {
  bool taken = false;
  std::string error;
};

made create(const target& t, const std::string& config) {
  spawn::plugin::testing::fake_host host;
  const spawn::plugin::testing::fake_instance instance(host, t.entry, config);
  return {instance.raw() != nullptr, instance.error()};
}

// A contract of one file with these lines.
made create_with(const target& t, const std::string& lines) {
  contract::temp_dir dir;
  std::ofstream(dir.path("one.proto")) << "syntax = \"proto3\";\npackage one;\n"
                                          "import \"spawn/actors/extensions.proto\";\n"
                                          "import \"google/api/annotations.proto\";\n"
                                       << lines;
  return create(t, R"({"protos": [")" + dir.path() + "\"]}");
}

void refused_with(const made& m, const std::string& words) {
  require(!m.taken, "it was taken, without a word of " + words);
  require(m.error.find(words) != std::string::npos, m.error + " does not say " + words);
}

void a_wrong_contract_is_refused_by_its_line(const target& t) {
  refused_with(create_with(t, "message A { strin x = 1; }"), "one.proto:5");
  refused_with(create_with(t, "message A {"), "one.proto:5");
  refused_with(create_with(t, "import \"not/there.proto\";"), "not/there.proto");
  refused_with(create(t, R"({"protos": ["/not/there"]})"), "/not/there");
  require(create_with(t, "message A { string x = 1; }").taken, "a contract without a service");
}

void a_wrong_option_is_refused_by_its_place(const target& t) {
  const std::string actor = "option (spawn.actors.actor) = {}; ";
  refused_with(create_with(t,
                           "message A { bool x = 1 [(spawn.actors.actor_id) = true]; } "
                           "service S { " +
                               actor + " rpc R(A) returns (A); }"),
               "one.A.x");
  const auto rule = [&](const std::string& text) {
    return create_with(t, "message A { string x = 1; repeated string y = 2; } service S { " +
                              actor + " rpc R(A) returns (A) { option (google.api.http) = {" +
                              text + "}; } }");
  };
  refused_with(rule(R"(get: "v1/a")"), "one.S/R");
  refused_with(rule(R"(get: "/v1/{x")"), "path template");
  refused_with(rule(R"(get: "/v1/**/a")"), "path template");
  refused_with(rule(R"(get: "/v1/{z}")"), "{z}");
  refused_with(rule(R"(get: "/v1/{y}")"), "{y}");
  refused_with(rule(R"(post: "/v1/a" body: "z")"), "body's field z");
  refused_with(rule(R"(get: "/v1/a" response_body: "z")"), "response_body");
  require(rule(R"(get: "/v1/{x=a/*/b/**}:go" response_body: "y")").taken, "a rule");
}

void the_sample_is_taken(const target& t) {
  require(create(t, R"({"protos": [")" SPAWN_TEST_SAMPLE R"("], "http": {"port": 9981}})").taken,
          "config/activators/protos");
}

void a_file_can_be_named_alone(const target& t) {
  contract::temp_dir dir;
  std::ofstream(dir.path("shop.proto")) << shop_proto();
  std::ofstream(dir.path("broken.proto")) << "no contract";
  require(create(t, R"({"protos": [")" + dir.path("shop.proto") + "\"]}").taken, "one file");
  refused_with(create(t, R"({"protos": [")" + dir.path() + "\"]}"), "broken.proto");
}

void what_google_has_is_only_imported(const target& t) {
  contract::temp_dir dir;
  std::filesystem::create_directories(dir.path("google/api"));
  std::ofstream(dir.path("google/api/nobody_imports.proto")) << "no contract";
  std::ofstream(dir.path("shop.proto")) << shop_proto();
  require(create(t, R"({"protos": [")" + dir.path() + "\"]}").taken, "a file with google/");
}

void descriptors_are_contracts_too(const target& t) {
  // One service, whose option is only bytes here: nobody has registered it.
  contract::temp_dir dir;
  google::protobuf::FileDescriptorSet set;
  auto* file = set.add_file();
  file->set_name("one.proto");
  file->set_package("one");
  file->set_syntax("proto3");
  auto* message = file->add_message_type();
  message->set_name("A");
  auto* service = file->add_service();
  service->set_name("S");
  require(service->mutable_options()->ParseFromString(field(4890128, "")), "the option");
  auto* method = service->add_method();
  method->set_name("R");
  method->set_input_type(".one.A");
  method->set_output_type(".one.A");
  require(method->mutable_options()->ParseFromString(field(72295728, field(2, "bad path"))),
          "the option");
  const auto write = [&] {
    std::ofstream out(dir.path("set.pb"), std::ios::binary);
    require(set.SerializeToOstream(&out), "can not write the set");
  };
  write();
  const std::string config = R"({"descriptors": ")" + dir.path("set.pb") + "\"}";
  refused_with(create(t, config), "one.S/R");
  method->clear_options();
  write();
  require(create(t, config).taken, "a descriptor set");
  refused_with(create(t, R"({"descriptors": "/not/there"})"), "/not/there");
  refused_with(create(t, R"({"descriptors": "/bin/sh"})"), "FileDescriptorSet");
}

void two_instances_may_know_the_same_names(const target& t) {
  contract::temp_dir dir;
  std::ofstream(dir.path("shop.proto")) << shop_proto();
  spawn::plugin::testing::fake_host first_host, second_host;
  const std::string config = R"({"protos": [")" + dir.path() + "\"]}";
  const spawn::plugin::testing::fake_instance first(first_host, t.entry, config);
  const spawn::plugin::testing::fake_instance second(second_host, t.entry, config);
  require(first.raw() != nullptr && second.raw() != nullptr, second.error());
}

}  // namespace

std::vector<contract::check> config_checks() {
  return {
      {"config.a_wrong_contract_is_refused_by_its_line", a_wrong_contract_is_refused_by_its_line},
      {"config.a_wrong_option_is_refused_by_its_place", a_wrong_option_is_refused_by_its_place},
      {"config.the_sample_is_taken", the_sample_is_taken},
      {"config.a_file_can_be_named_alone", a_file_can_be_named_alone},
      {"config.what_google_has_is_only_imported", what_google_has_is_only_imported},
      {"config.descriptors_are_contracts_too", descriptors_are_contracts_too},
      {"config.two_instances_may_know_the_same_names", two_instances_may_know_the_same_names}};
}

}  // namespace grpc_test
