#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

TEST(config_errors, a_misspelt_key_names_line_column_path_and_the_key_that_was_meant) {
  EXPECT_EQ(errors("system: a\nruntime:\n  lains: 4\n"),
            "spawn.yaml:3:3: runtime.lains: unknown key; did you mean 'lanes'?");
}

TEST(config_errors, a_misspelt_key_at_the_top_is_placed_at_the_key) {
  EXPECT_EQ(errors("sistem: a\n"), "spawn.yaml:1:1: sistem: unknown key; did you mean 'system'?");
}

TEST(config_errors, swapped_letters_count_as_one_mistake) {
  EXPECT_EQ(errors("gateway: {http: {prot: 1}}"),
            "spawn.yaml:1:18: gateway.http.prot: unknown key; did you mean 'port'?");
}

TEST(config_errors, a_key_like_no_other_lists_what_is_known_there) {
  EXPECT_EQ(errors("runtime: {threads: 4}"),
            "spawn.yaml:1:11: runtime.threads: unknown key; known here: lanes, pin, lane_stall_ms");
}

TEST(config_errors, suggestions_come_only_from_the_same_place) {
  // 'port' exists, but not here.
  EXPECT_THAT(errors("runtime: {porf: 4}"), testing::Not(HasSubstr("did you mean")));
}

TEST(config_errors, a_wrong_type_says_what_was_expected_and_what_was_found) {
  EXPECT_EQ(
      errors("gateway:\n  http:\n    port: many\n"),
      "spawn.yaml:3:11: gateway.http.port: expected an integer from 1 to 65535, got \"many\"");
  EXPECT_EQ(errors("runtime: {pin: yes}"),
            "spawn.yaml:1:16: runtime.pin: expected true or false, got \"yes\"");
  EXPECT_EQ(errors("runtime: 7"), "spawn.yaml:1:10: runtime: expected a map, got 7");
  EXPECT_EQ(errors("workflows: saga"),
            "spawn.yaml:1:12: workflows: expected a list of at most 64, got \"saga\"");
  EXPECT_EQ(errors("system: [a]"),
            "spawn.yaml:1:9: system: expected a string from 1 to 512 characters, got a list");
  EXPECT_EQ(errors("limits: {mailbox: 1.5}"),
            "spawn.yaml:1:19: limits.mailbox: expected an integer from 1 to 10000000, got 1.5");
}

TEST(config_errors, a_quoted_number_is_not_a_number) {
  EXPECT_EQ(errors("host: {port: \"8090\"}"),
            "spawn.yaml:1:14: host.port: expected an integer from 1 to 65535, got \"8090\"");
}

TEST(config_errors, a_value_out_of_range_says_the_range) {
  for (const auto* port : {"0", "65536", "-1", "99999999999"}) {
    EXPECT_EQ(errors("host: {port: " + std::string(port) + "}"),
              "spawn.yaml:1:14: host.port: expected an integer from 1 to 65535, got " +
                  std::string(port));
  }
  EXPECT_EQ(errors("host: {port: 1}"), "");
  EXPECT_EQ(errors("host: {port: 65535}"), "");
}

TEST(config_errors, a_wrong_word_lists_the_right_ones_and_the_one_meant) {
  EXPECT_EQ(errors("durability:\n  default: comit\n"),
            "spawn.yaml:2:12: durability.default: expected one of commit, snapshot, none, got "
            "\"comit\"; did you mean 'commit'?");
}

TEST(config_errors, one_of_several_forms_is_named_with_all_of_them) {
  EXPECT_EQ(
      errors("runtime: {lanes: [1]}"),
      "spawn.yaml:1:18: runtime.lanes: expected auto or an integer from 1 to 256, got a list");
  EXPECT_EQ(errors("runtime: {lanes: 0}"),
            "spawn.yaml:1:18: runtime.lanes: expected an integer from 1 to 256, got 0");
  EXPECT_EQ(errors("runtime: {lanes: aut}"),
            "spawn.yaml:1:18: runtime.lanes: expected auto, got \"aut\"; did you mean 'auto'?");
}

TEST(config_errors, a_missing_key_is_placed_at_the_map_that_lacks_it) {
  EXPECT_EQ(errors("statestores:\n  main:\n    config: {}\n"),
            "spawn.yaml:3:5: statestores.main.use: this key is required here");
}

TEST(config_errors, an_empty_entry_of_a_named_map_is_not_silently_dropped) {
  EXPECT_EQ(errors("statestores:\n  main:\n"),
            "spawn.yaml:2:3: statestores.main: expected a map, got nothing");
  EXPECT_EQ(errors("actors: {Order: }"),
            "spawn.yaml:1:10: actors.Order: expected a map, got nothing");
}

TEST(config_errors, no_statestore_at_all_is_refused) {
  EXPECT_EQ(errors("statestores: {}"),
            "spawn.yaml:1:14: statestores: expected 1 to 64 entries, got 0");
}

TEST(config_errors, duplicate_keys_name_the_first) {
  EXPECT_EQ(errors("system: a\nhost: {}\nsystem: b\n"),
            "spawn.yaml:3:1: system: this key was given already in line 1");
  EXPECT_EQ(errors("statestores:\n  a: {use: sqlite}\n  a: {use: memory}\n"),
            "spawn.yaml:3:3: statestores.a: this key was given already in line 2");
}

TEST(config_errors, broken_yaml_names_the_place) {
  EXPECT_THAT(errors("system: a\nruntime: {lanes: 4\n"), HasSubstr("spawn.yaml:3:1: YAML: "));
  EXPECT_THAT(errors("a: b: c\n"), HasSubstr("spawn.yaml:1:"));
}

TEST(config_errors, all_errors_of_a_file_come_together_in_the_order_of_the_file) {
  EXPECT_EQ(errors("host: {port: x}\nsistem: a\ngateway: {uds: {enabled: 1}}\n"),
            "spawn.yaml:1:14: host.port: expected an integer from 1 to 65535, got \"x\"\n"
            "spawn.yaml:2:1: sistem: unknown key; did you mean 'system'?\n"
            "spawn.yaml:3:26: gateway.uds.enabled: expected true or false, got 1");
}

TEST(config_errors, at_most_twenty_are_shown_and_the_rest_counted) {
  std::string text;
  for (int i = 0; i < 25; ++i) {
    text += "unknown_key_" + std::to_string(i) + ": 1\n";
  }
  const std::string got = errors(text);
  EXPECT_EQ(std::count(got.begin(), got.end(), '\n'), 20);
  EXPECT_TRUE(got.ends_with("\nspawn.yaml: and 5 more")) << got;
}

TEST(config_errors, several_documents_are_refused) {
  EXPECT_EQ(errors("system: a\n---\nsystem: b\n"),
            "spawn.yaml: one YAML document is expected, this file has more ('---')");
}

TEST(config_errors, a_list_or_a_word_is_no_configuration) {
  EXPECT_EQ(errors("[1, 2]"), "spawn.yaml:1:1: expected a map of keys, got a list");
  EXPECT_EQ(errors("hello"), "spawn.yaml:1:1: expected a map of keys, got a string");
}

TEST(config_errors, unknown_tags_and_misfitting_ones_are_refused) {
  EXPECT_THAT(errors("system: !secret abc"), HasSubstr("spawn.yaml:1:9: system: the tag !secret"));
  EXPECT_THAT(errors("host: {port: !!int abc}"), HasSubstr("does not fit this value"));
  EXPECT_EQ(good("system: !!str 12").system, "12");
}

TEST(config_errors, merge_keys_are_refused_by_name) {
  EXPECT_THAT(errors("host: &h {port: 1}\ngateway: {<<: *h}"),
              HasSubstr("spawn.yaml:2:11: gateway.<<: merge keys are not supported"));
}

TEST(config_errors, bytes_that_are_not_text_name_their_line) {
  EXPECT_EQ(errors("system: a\nhost: {address: \"\xff\"}\n"),
            "spawn.yaml:2:1: this line is not valid UTF-8 text");
  EXPECT_EQ(errors(std::string_view("a: b\0c", 6)),
            "spawn.yaml:1:1: this line is not valid UTF-8 text");
}

TEST(config_errors, a_missing_file_is_told_from_an_unreadable_one) {
  const auto missing = load_file("/nonexistent/spawn.yaml", environment());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, errc::not_found);
  EXPECT_THAT(missing.error().text,
              HasSubstr("/nonexistent/spawn.yaml: cannot read the configuration"));
  const auto directory = load_file("/tmp", environment());
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().code, errc::invalid);
}

TEST(config_errors, long_values_are_cut_in_messages) {
  const std::string got = errors("host: {port: " + std::string(5'000, 'x') + "}");
  EXPECT_LT(got.size(), 200u);
  EXPECT_THAT(got, HasSubstr("xxx..."));
}

}  // namespace
}  // namespace spawn::config
