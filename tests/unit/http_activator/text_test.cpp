// Targets, templates, base64 and JSON.
#include <gmock/gmock.h>

#include "base64.hpp"
#include "json_text.hpp"
#include "text_template.hpp"
#include "uri.hpp"

namespace http_activator {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::Pair;

TEST(Uri, PercentSignsAreDecodedIntoText) {
  EXPECT_THAT(decode_percent("a%20b+c"), Optional(std::string("a b+c")));
  EXPECT_THAT(decode_percent("a+b", true), Optional(std::string("a b")));
  EXPECT_THAT(decode_percent("%e2%82%ac"), Optional(std::string("\xe2\x82\xac")));
  for (const char* bad : {"%", "%4", "%4g", "%00", "%0a", "%7f", "%ff", "%c0%80", "%ed%a0%80",
                          "%f4%90%80%80", "%e2%82"}) {
    EXPECT_EQ(decode_percent(bad), std::nullopt) << bad;
  }
}

TEST(Uri, APathIsItsSegments) {
  EXPECT_THAT(segments_of("/"), Optional(ElementsAre("")));
  EXPECT_THAT(segments_of("/a//b%2Fc/"), Optional(ElementsAre("a", "", "b/c", "")));
  EXPECT_EQ(segments_of(""), std::nullopt);
  EXPECT_EQ(segments_of("a/b"), std::nullopt);
  EXPECT_EQ(segments_of("/a/%"), std::nullopt);
}

TEST(Uri, AQueryIsItsPairs) {
  EXPECT_THAT(
      query_of("a=1&&b&c=x%3Dy+z&a=2"),
      Optional(ElementsAre(Pair("a", "1"), Pair("b", ""), Pair("c", "x=y z"), Pair("a", "2"))));
  EXPECT_THAT(query_of(""), Optional(ElementsAre()));
  EXPECT_EQ(query_of("a=%"), std::nullopt);
}

TEST(Template, GapsAreFilledFromPathQueryAndHeaders) {
  const pairs path{{"id", "7"}}, query{{"do", "place"}, {"no", ""}}, headers{{"x-a", "h"}};
  const fillings from{path, query, headers};
  std::string out, missing;
  EXPECT_TRUE(
      text_template("{id}-{path.id}:{query.do}/{header.X-A}!", {"id"}).fill(from, out, missing));
  EXPECT_EQ(out, "7-7:place/h!");
  EXPECT_FALSE(text_template("{query.none}", {}).fill(from, out, missing));
  EXPECT_EQ(missing, "query.none");
  EXPECT_FALSE(text_template("a{query.no}", {}).fill(from, out, missing)) << "an empty one";
  EXPECT_TRUE(text_template().fill(from, out, missing));
  EXPECT_EQ(out, "");
}

TEST(Template, WhatCanNeverBeFilledIsRefused) {
  for (const char* bad : {"{", "}", "{id", "id}", "{}", "{other}", "{query.}", "{body.id}"}) {
    EXPECT_THROW(text_template(bad, {"id"}), std::invalid_argument) << bad;
  }
}

TEST(Base64, OnlyTheRealThingIsTaken) {
  EXPECT_THAT(from_base64(""), Optional(std::string()));
  EXPECT_THAT(from_base64("YQ=="), Optional(std::string("a")));
  EXPECT_THAT(from_base64("AAH/"), Optional(std::string("\0\1\xff", 3)));
  for (const char* bad : {"A", "YQ=", "YQ", "Y===", "YQ==YQ==", "Y\nQ=", "Y-Q="}) {
    EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
  }
}

TEST(Json, DeepAndBrokenOnesAreNone) {
  const std::string open(json_depth_max, '['), close(json_depth_max, ']');
  EXPECT_TRUE(is_json(open + close));
  EXPECT_FALSE(is_json("[" + open + close + "]"));
  EXPECT_TRUE(is_json("[\"" + std::string(200, '[') + "\\\"[\"]")) << "in a string";
  EXPECT_FALSE(is_json("{"));
  EXPECT_FALSE(is_json("\"\xff\""));
  EXPECT_TRUE(is_json_type(media_type_of("Application/Problem+JSON ; charset=utf-8")));
  EXPECT_FALSE(is_json_type(media_type_of("application/jsonp")));
}

}  // namespace
}  // namespace http_activator
