// Which route a request takes.
#include "routes.hpp"

#include <gmock/gmock.h>

namespace http_activator {
namespace {

using testing::ElementsAre;
using testing::Pair;

route made(const std::string& method, const std::string& path) {
  route out;
  out.name = method + " " + path;
  out.method = method;
  out.path = path;
  out.segments = segments_from(path);
  return out;
}

std::string taken(const route_table& table, std::string_view method,
                  const std::vector<std::string>& segments) {
  const auto found = table.look_up(method, segments);
  return found.taken == nullptr ? "none" : found.taken->name;
}

TEST(Routes, ATextGoesBeforeAParamWhateverTheOrder) {
  const route_table table({made("GET", "/a/{x}/c"), made("GET", "/a/{x}"), made("GET", "/a/b"),
                           made("GET", "/{y}/b"), made("POST", "/a/b")});
  EXPECT_EQ(taken(table, "GET", {"a", "b"}), "GET /a/b");
  EXPECT_EQ(taken(table, "GET", {"a", "z"}), "GET /a/{x}");
  EXPECT_EQ(taken(table, "GET", {"z", "b"}), "GET /{y}/b");
  EXPECT_EQ(taken(table, "GET", {"a", "b", "c"}), "GET /a/{x}/c");
  EXPECT_EQ(taken(table, "GET", {"a", ""}), "none") << "a param is not empty";
  EXPECT_EQ(taken(table, "GET", {"a", "b", ""}), "none") << "a slash more is another path";
  EXPECT_THAT(table.look_up("GET", {"z", "b"}).params, ElementsAre(Pair("y", "z")));
}

TEST(Routes, AnotherMethodFallsThroughToTheNextPathThatFits) {
  const route_table table({made("POST", "/a/b"), made("DELETE", "/a/{x}")});
  EXPECT_EQ(taken(table, "DELETE", {"a", "b"}), "DELETE /a/{x}");
  const auto found = table.look_up("GET", {"a", "b"});
  EXPECT_EQ(found.taken, nullptr);
  EXPECT_TRUE(found.path_known);
  EXPECT_THAT(found.methods, ElementsAre("POST", "DELETE", "OPTIONS"));
  EXPECT_FALSE(table.look_up("GET", {"c"}).path_known);
}

TEST(Routes, HeadIsAsGet) {
  const route_table table({made("GET", "/a"), made("POST", "/b")});
  EXPECT_EQ(taken(table, "HEAD", {"a"}), "GET /a");
  EXPECT_EQ(taken(table, "HEAD", {"b"}), "none");
}

TEST(Routes, TwoForTheSameRequestsAreRefused) {
  EXPECT_THROW(route_table({made("GET", "/a/{x}"), made("GET", "/a/{y}")}), std::invalid_argument);
  EXPECT_THROW(route_table({made("GET", "/a"), made("GET", "/a")}), std::invalid_argument);
  route named = made("GET", "/b");
  named.name = "GET /a";
  EXPECT_THROW(route_table({made("GET", "/a"), named}), std::invalid_argument);
}

TEST(Routes, APathIsWholeSegments) {
  EXPECT_THAT(params_of(segments_from("/{a}/b/{c}")), ElementsAre("a", "c"));
  for (const char* bad : {"a", "/x{a}", "/{a}x", "/{}", "/{a}/{a}", "/a?b", "/%"}) {
    EXPECT_THROW((void)segments_from(bad), std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace http_activator
