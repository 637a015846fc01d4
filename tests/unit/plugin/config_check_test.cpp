#include "plugin/config_check.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

const std::string schema = R"({"type":"object","additionalProperties":false,"required":["dsn"],
  "properties":{"dsn":{"type":"string","minLength":3},
  "pool":{"type":"object","properties":{"size":{"type":"integer","maximum":8}}}}})";

TEST(ConfigCheck, GivesCanonicalTextWithoutTheSecrets) {
  const auto got = check_config("main", schema, R"({ "pool": {"size": 3}, "dsn": null })",
                                {{"/dsn", "postgres://me:hush@db"}});
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(*got, R"({"dsn":null,"pool":{"size":3}})");
}

TEST(ConfigCheck, NamesInstanceAndPointer) {
  const auto got = check_config("main", schema, R"({"dsn":"abc","pool":{"size":"three"}})", {});
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().text.find("instance main: config/pool/size: "), std::string::npos)
      << got.error().text;
}

TEST(ConfigCheck, ListsAllProblemsForACallerThatKnowsTheLines) {
  std::vector<config_problem> problems;
  EXPECT_FALSE(check_config("main", schema, R"({"dsn":"abc","pol":1})", {}, &problems));
  ASSERT_FALSE(problems.empty());
  bool named = false;
  for (const auto& p : problems) {
    named = named || p.text.find("pol") != std::string::npos;
  }
  EXPECT_TRUE(named);
}

TEST(ConfigCheck, ChecksTheSecretInItsPlaceButNeverShowsIt) {
  const auto got = check_config("main", schema, R"({"dsn":null})", {{"/dsn", "hu"}});
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().text.find("/dsn"), std::string::npos);
  EXPECT_EQ(got.error().text.find("hu\""), std::string::npos);
}

TEST(ConfigCheck, ReadsASecretAsWhatTheSchemaWants) {
  const std::string config = R"({"dsn":"abc","pool":{"size":null}})";
  EXPECT_TRUE(check_config("main", schema, config, {{"/pool/size", "5"}}));
  EXPECT_FALSE(check_config("main", schema, config, {{"/pool/size", "9"}})) << "above the maximum";
  EXPECT_FALSE(check_config("main", schema, config, {{"/pool/size", "five"}}));
  EXPECT_TRUE(check_config("main", schema, R"({"dsn":null})", {{"/dsn", "12345"}}))
      << "text stays text where text is wanted";
}

TEST(ConfigCheck, RefusesASecretWithoutAPlace) {
  EXPECT_FALSE(check_config("main", schema, R"({"dsn":"abc"})", {{"/pool/size", "x"}}));
  EXPECT_FALSE(check_config("main", schema, R"({"dsn":"abc"})", {{"/dsn", "x"}}));
  EXPECT_FALSE(check_config("main", schema, R"({"dsn":null})", {{"dsn", "x"}}));
}

TEST(ConfigCheck, RefusesASchemaThatIsNone) {
  EXPECT_FALSE(check_config("main", R"({"type":3})", "{}", {}));
  EXPECT_FALSE(check_config("main", R"({"$ref":"http://example.org/x"})", "{}", {}));
  EXPECT_TRUE(check_config("main", "", "", {}));
}

}  // namespace
}  // namespace spawn
