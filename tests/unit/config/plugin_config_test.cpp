#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* schema = R"({
  "type": "object", "additionalProperties": false, "required": ["path"],
  "properties": {
    "path": {"type": "string", "minLength": 1},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535},
    "mode": {"enum": ["wal", "off"]},
    "ratio": {"type": "number", "multipleOf": 0.5}
  }
})";

std::string check(std::string_view yaml, variables env = {}) {
  const auto s = good(yaml, std::move(env));
  const auto got = check_plugin_config(s.statestores[0], schema);
  return got ? std::string() : got.error().text;
}

TEST(plugin_config, a_good_one_passes) {
  EXPECT_EQ(check("statestores: {main: {use: x, config: {path: a, port: 5, mode: wal}}}"), "");
}

TEST(plugin_config, faults_are_placed_in_the_kernels_file) {
  EXPECT_EQ(check("statestores:\n  main:\n    use: x\n    config:\n      pth: a\n      port: 0\n"),
            "spawn.yaml:5:7: statestores.main.config.path: this key is required here\n"
            "spawn.yaml:5:7: statestores.main.config.pth: unknown key; did you mean 'path'?\n"
            "spawn.yaml:6:13: statestores.main.config.port: expected an integer from 1 to 65535, "
            "got 0");
}

TEST(plugin_config, secrets_are_checked_as_what_they_stand_for_and_not_shown) {
  const std::string text = "statestores: {main: {use: x, config: {path: a, port: \"${PORT}\"}}}";
  EXPECT_EQ(check(text, {{"PORT", "5432"}}), "");
  const auto wrong = check(text, {{"PORT", "hunter2"}});
  EXPECT_THAT(wrong, HasSubstr("spawn.yaml:1:54: statestores.main.config.port: expected an integer "
                               "from 1 to 65535, got a secret value"));
  EXPECT_THAT(wrong, Not(HasSubstr("hunter2")));
}

TEST(plugin_config, words_of_json_schema_that_are_not_explained_still_hold) {
  EXPECT_EQ(check("statestores: {main: {use: x, config: {path: a, ratio: 1.5}}}"), "");
  EXPECT_THAT(check("statestores: {main: {use: x, config: {path: a, ratio: 1.3}}}"),
              HasSubstr("spawn.yaml:1:55: statestores.main.config.ratio: "));
}

TEST(plugin_config, an_instance_without_config_is_checked_as_empty) {
  const auto s = good("transport: {use: memory}");
  EXPECT_TRUE(check_plugin_config(s.transport, R"({"type":"object"})"));
  const auto got = check_plugin_config(s.transport, schema);
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().text, HasSubstr("transport.config.path: this key is required here"));
}

TEST(plugin_config, an_empty_config_section_names_its_place) {
  EXPECT_THAT(check("statestores:\n  main:\n    use: x\n    config: {}\n"),
              HasSubstr("spawn.yaml:4:13: statestores.main.config.path: this key is required"));
}

TEST(plugin_config, a_broken_schema_is_the_plugins_fault) {
  const auto s = good("");
  const auto got = check_plugin_config(s.statestores[0], "{");
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().text, HasSubstr("plugin sqlite (instance main): its config schema"));
  const auto odd = check_plugin_config(s.statestores[0], R"({"type": 7})");
  EXPECT_FALSE(odd);
}

}  // namespace
}  // namespace spawn::config
