#include "plugin/manifest.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

const std::string head =
    R"({"kind":"statestore","name":"x","version":"1.0.0","abi":{"major":1,"minor":0})";

TEST(Manifest, GivesDefaultsForWhatIsNotSaid) {
  const auto m = parse_manifest(head + "}");
  ASSERT_TRUE(m) << m.error().text;
  EXPECT_EQ(m->label(), "statestore/x@1.0.0");
  EXPECT_EQ(m->lanes, lane_mode::many);
  EXPECT_FALSE(m->blocking);
  EXPECT_FALSE(m->protobuf_full);
  EXPECT_FALSE(m->unloadable);
  EXPECT_TRUE(m->config_schema.empty());
}

TEST(Manifest, ReadsAllKeysAndPassesOverUnknownOnes) {
  const auto m = parse_manifest(
      head + R"(,"license":"MIT","lanes":"one","blocking":true,"capabilities":["list"],)" +
      R"("protobuf":"full","unloadable":true,"config_schema":{"type":"object"},"later":[1]})");
  ASSERT_TRUE(m) << m.error().text;
  EXPECT_EQ(m->license, "MIT");
  EXPECT_EQ(m->lanes, lane_mode::one);
  EXPECT_TRUE(m->blocking && m->protobuf_full && m->unloadable && m->has("list"));
  EXPECT_EQ(m->config_schema, R"({"type":"object"})");
}

TEST(Manifest, NamesTheKeyThatIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"kind":"stove","name":"x","version":"1.0.0","abi":{"major":1,"minor":0}})", "\"kind\""},
      {R"({"kind":"workflow","name":"../x","version":"1.0.0","abi":{"major":1,"minor":0}})",
       "\"name\""},
      {R"({"kind":"workflow","name":"x","version":"1","abi":{"major":1,"minor":0}})",
       "\"version\""},
      {R"({"kind":"workflow","name":"x","version":"1.0.0"})", "\"abi\""},
      {R"({"kind":"workflow","name":"x","version":"1.0.0","abi":{"major":2,"minor":0}})",
       "major 2"},
      {head + R"(,"lanes":2})", "\"lanes\""},
      {head + R"(,"blocking":"yes"})", "\"blocking\""},
      {head + R"(,"capabilities":[1]})", "\"capabilities\""},
      {head + R"(,"config_schema":"{}"})", "\"config_schema\""},
      {"[]", "not a JSON object"},
      {"{", "not valid JSON"},
      {std::string(100'000, '['), "not valid JSON"},
      {std::string(100, '[') + std::string(100, ']'), "nested deeper"}};
  for (const auto& [json, wanted] : cases) {
    const auto m = parse_manifest(json);
    ASSERT_FALSE(m) << json.substr(0, 80);
    EXPECT_NE(m.error().text.find(wanted), std::string::npos) << m.error().text;
  }
}

}  // namespace
}  // namespace spawn
