#include "plugin/lint.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

elf_image good() {
  elf_image image;
  image.exports = {{"spawn_plugin_entry_1", false}};
  image.needed = {"libc.so.6", "libprotobuf-lite.so.32"};
  return image;
}

std::string rules(const elf_image& image, const plugin_manifest& manifest = {}) {
  std::string out;
  for (const lint_finding& f : lint(image, manifest)) {
    out += (f.severity == lint_severity::refuse ? "refuse " : "warn ") + f.rule + ";";
  }
  return out;
}

TEST(Lint, FindsNothingInAGoodPlugin) {
  EXPECT_EQ(rules(good()), "");
}

TEST(Lint, AllowsEntriesOfOtherMajors) {
  auto image = good();
  image.exports.push_back({"spawn_plugin_entry_2", false});
  EXPECT_EQ(rules(image), "");
  image.exports.push_back({"spawn_plugin_entry_x", false});
  EXPECT_EQ(rules(image), "refuse exports;");
}

TEST(Lint, RefusesEachThingThatReachesBeyondThePlugin) {
  auto image = good();
  image.exports.push_back({"helper", false});
  EXPECT_EQ(rules(image), "refuse exports;");
  image = good();
  image.exports.push_back({"_ZN5boost3valE", true});
  EXPECT_EQ(rules(image), "refuse unique;");
  image = good();
  image.text_relocations = true;
  EXPECT_EQ(rules(image), "refuse textrel;");
  image = good();
  image.executable_stack = true;
  EXPECT_EQ(rules(image), "refuse stack;");
  image = good();
  image.rpath = {"/home/me/lib"};
  EXPECT_EQ(rules(image), "refuse rpath;");
}

TEST(Lint, RefusesFullProtobufUnlessTheManifestSaysSo) {
  auto image = good();
  image.needed.push_back("libprotobuf.so.32");
  EXPECT_EQ(rules(image), "refuse protobuf;");
  plugin_manifest manifest;
  manifest.protobuf_full = true;
  EXPECT_EQ(rules(image, manifest), "warn protobuf;");
}

TEST(Lint, PutsRefusalsFirst) {
  auto image = good();
  image.needed.push_back("libgrpc++.so.1.51");
  EXPECT_EQ(rules(image), "warn grpc;");
  image.executable_stack = true;
  image.needed.push_back("libprotobuf.so.32");
  EXPECT_EQ(rules(image).rfind("warn grpc;"), rules(image).size() - 10);
}

}  // namespace
}  // namespace spawn
