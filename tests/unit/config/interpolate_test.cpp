#include <cstdio>
#include <fstream>

#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;
using testing::Not;

// A file that goes away with the test.
class secret_file {
 public:
  explicit secret_file(std::string_view content)
      : path_(testing::TempDir() + "spawn_secret_" + std::to_string(counter_++)) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~secret_file() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static inline int counter_ = 0;
  std::string path_;
};

TEST(interpolation, a_variable_fills_in) {
  EXPECT_EQ(good("system: ${NAME}", {{"NAME", "shop"}}).system, "shop");
  EXPECT_EQ(good("system: \"a-${X}-${Y}\"", {{"X", "1"}, {"Y", "2"}}).system, "a-1-2");
}

TEST(interpolation, a_value_takes_the_type_wanted_at_its_place_quoted_or_not) {
  EXPECT_EQ(good("host: {port: \"${PORT}\"}", {{"PORT", "8123"}}).host.port, 8123);
  EXPECT_EQ(good("host:\n  port: ${PORT}\n", {{"PORT", "8123"}}).host.port, 8123);
  EXPECT_TRUE(good("runtime: {pin: \"${PIN}\"}", {{"PIN", "true"}}).runtime.pin);
  EXPECT_EQ(good("runtime: {lanes: \"${N}\"}", {{"N", "3"}}).runtime.lanes, 3u);
  EXPECT_EQ(good("runtime: {lanes: \"${N}\"}", {{"N", "auto"}}).runtime.lanes, 0u);
  EXPECT_EQ(good("system: ${N}", {{"N", "12"}}).system, "12");
}

TEST(interpolation, a_value_of_the_wrong_type_is_refused_without_showing_it) {
  const auto got = errors("host:\n  port: \"${PORT}\"", {{"PORT", "hunter2"}});
  EXPECT_EQ(got,
            "spawn.yaml:2:9: host.port: expected an integer from 1 to 65535, got a secret value "
            "that does not fit");
}

TEST(interpolation, an_unset_variable_is_named_with_line_and_column) {
  EXPECT_EQ(errors("system: a\nhost:\n  address: \"${HOST}\"\n"),
            "spawn.yaml:3:12: host.address: the environment variable HOST is not set; set it or "
            "write ${HOST:-default}");
}

TEST(interpolation, an_empty_variable_counts_as_unset) {
  EXPECT_THAT(errors("system: ${NAME}", {{"NAME", ""}}), HasSubstr("NAME is not set"));
  EXPECT_EQ(good("system: ${NAME:-other}", {{"NAME", ""}}).system, "other");
}

TEST(interpolation, a_default_stands_in_and_may_hold_anything_but_a_brace) {
  EXPECT_EQ(good("host: {port: \"${P:-81}\"}").host.port, 81);
  EXPECT_EQ(good("plugins: {path: [\"${D:-/a:b/c-d}\"]}").plugins.path[0], "/a:b/c-d");
  EXPECT_EQ(good("host: {port: \"${P:-81}\"}", {{"P", "82"}}).host.port, 82);
}

TEST(interpolation, a_file_fills_in_without_its_last_line_end) {
  const secret_file file("shop\n");
  EXPECT_EQ(good("system: ${file:" + file.path() + "}").system, "shop");
}

TEST(interpolation, a_file_that_cannot_be_read_is_named) {
  EXPECT_EQ(errors("system: ${file:/nonexistent/x}"),
            "spawn.yaml:1:9: system: cannot read ${file:/nonexistent/x}: No such file or "
            "directory");
  EXPECT_THAT(errors("system: ${file:/tmp}"), HasSubstr("not a regular file"));
  EXPECT_THAT(errors("system: ${file:/dev/zero}"), HasSubstr("not a regular file"));
  EXPECT_THAT(errors("system: ${file:relative}"), HasSubstr("needs an absolute path"));
  const secret_file large(std::string(70'000, 'x'));
  EXPECT_THAT(errors("system: ${file:" + large.path() + "}"), HasSubstr("larger than 65536"));
  const secret_file binary("\xff\xfe");
  EXPECT_THAT(errors("system: ${file:" + binary.path() + "}"), HasSubstr("not UTF-8"));
}

TEST(interpolation, malformed_ones_are_refused) {
  EXPECT_THAT(errors("system: ${A"), HasSubstr("'${' without '}'"));
  EXPECT_THAT(errors("system: ${}"), HasSubstr("is none of ${VAR}"));
  EXPECT_THAT(errors("system: ${A B}"), HasSubstr("is none of ${VAR}"));
  EXPECT_THAT(errors("system: ${1A}"), HasSubstr("is none of ${VAR}"));
}

TEST(interpolation, two_dollars_are_one_and_templates_pass_untouched) {
  EXPECT_EQ(good("system: a$${B}").system, "a${B}");
  EXPECT_EQ(good("system: a{b}$c").system, "a{b}$c");
}

TEST(interpolation, what_a_variable_holds_is_not_looked_through_again) {
  EXPECT_EQ(good("system: ${A}", {{"A", "${B}"}, {"B", "x"}}).system, "${B}");
}

TEST(interpolation, keys_are_not_filled_in) {
  EXPECT_THAT(errors("\"${A}\": 1", {{"A", "system"}}), HasSubstr("unknown key"));
}

TEST(secrets_in_plugins, a_filled_in_value_goes_to_secrets_and_not_to_the_config) {
  const auto s = good(
      "statestores:\n"
      "  main:\n"
      "    use: postgres\n"
      "    config: {url: \"postgres://u:${PW}@db\", port: \"${PORT}\", list: [a, \"${PW}\"]}\n",
      {{"PW", "hunter2"}, {"PORT", "5432"}});
  ASSERT_EQ(s.statestores.size(), 1u);
  const auto& use = s.statestores[0];
  EXPECT_EQ(use.config_json, R"({"list":["a",null],"port":null,"url":null})");
  EXPECT_THAT(use.secrets,
              testing::ElementsAre(std::pair("/url", "postgres://u:hunter2@db"),
                                   std::pair("/port", "5432"), std::pair("/list/1", "hunter2")));
}

TEST(secrets_in_plugins, pointers_escape_slash_and_tilde) {
  const auto s = good("transport: {use: memory, config: {\"a/b~c\": \"${PW}\"}}", {{"PW", "x"}});
  ASSERT_EQ(s.transport.secrets.size(), 1u);
  EXPECT_EQ(s.transport.secrets[0].first, "/a~1b~0c");
}

TEST(secrets_in_plugins, no_origin_notice_or_config_shows_one) {
  const auto got = load(
      "admin: {tcp: {port: 9091, token: \"${TOKEN}\"}}\n"
      "encryption: {key: \"${KEY}\"}\n"
      "transport: {use: memory, config: {pass: \"${TOKEN}\"}}\n",
      {{"TOKEN", "hunter2-hunter2-hunter2"},
       {"KEY", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="}});
  ASSERT_TRUE(got) << got.error().text;
  for (const auto& o : got->origins) {
    EXPECT_THAT(o.value, Not(HasSubstr("hunter2"))) << o.key;
    EXPECT_THAT(o.value, Not(HasSubstr("MDEy"))) << o.key;
  }
  for (const auto& n : got->notices) {
    EXPECT_THAT(n, Not(HasSubstr("hunter2")));
  }
  EXPECT_THAT(got->value.transport.config_json, Not(HasSubstr("hunter2")));
  EXPECT_EQ(got->value.admin.tcp_token, "hunter2-hunter2-hunter2");
}

}  // namespace
}  // namespace spawn::config
