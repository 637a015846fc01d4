#include "plugin/loader.hpp"

#include <gtest/gtest.h>

#include "unit/plugin/paths.hpp"

namespace spawn {
namespace {

namespace fs = std::filesystem;

struct Loader : ::testing::Test {
  test::temp_dir dir;
  const fs::path plugins = dir.path / "lib";
  const store_dir store = store_dir::open(dir.path / "store").value();

  void place(const std::string& version, const std::string& bytes = "") {
    test::write_file(plugins / "statestore" / "good_c" / version / "plugin.so", bytes);
  }
  std::string chosen(const std::string& range) {
    const auto file = resolve_plugin({plugins}, "statestore", "good_c", range);
    return file ? file->version : file.error().text;
  }
};

TEST_F(Loader, ResolvesTheHighestVersionThatMatches) {
  for (const char* version : {"1.0.0", "1.9.0", "1.10.0", "2.0.0-rc.1", "junk"}) {
    place(version);
  }
  EXPECT_EQ(chosen(""), "1.10.0");
  EXPECT_EQ(chosen("^1.2"), "1.10.0");
  EXPECT_EQ(chosen("<1.10"), "1.9.0");
  EXPECT_EQ(chosen("1.0.0"), "1.0.0");
  EXPECT_EQ(chosen("^2.0.0-rc"), "2.0.0-rc.1");
  EXPECT_NE(chosen("^3").find("no version matches \"^3\""), std::string::npos);
  EXPECT_NE(chosen("^3").find("1.9.0"), std::string::npos) << "what is there is named";
  EXPECT_NE(chosen("one").find("not a version range"), std::string::npos);
}

TEST_F(Loader, TakesAnUnversionedFileByItsManifest) {
  test::write_file(plugins / "statestore" / "good_c" / "plugin.so",
                   test::read_file(test::fixture("good_c")));
  EXPECT_EQ(chosen("^1"), "1.0.0");
  EXPECT_NE(chosen("^2").find("no version matches"), std::string::npos);
}

TEST_F(Loader, NamesTheFileWhenTheOnlyOneCanNotBeRead) {
  test::write_file(plugins / "statestore" / "good_c" / "plugin.so", "this is text");
  EXPECT_NE(chosen("").find("good_c/plugin.so refused at note: not an ELF file"), std::string::npos)
      << chosen("");
}

TEST_F(Loader, KeepsToItsFolders) {
  EXPECT_NE(resolve_plugin({plugins}, "statestore", "../x", "").error().text.find("a name is"),
            std::string::npos);
  EXPECT_NE(resolve_plugin({"lib"}, "statestore", "x", "").error().text.find("absolute"),
            std::string::npos);
}

TEST_F(Loader, LoadsACopyOfExactlyTheCheckedBytes) {
  const auto library = load_library(test::fixture("good_c"), store, {});
  ASSERT_TRUE(library) << library.error().text;
  const auto& from = (*library)->from();
  EXPECT_EQ(from.sha256, sha256_hex(test::read_file(test::fixture("good_c"))));
  EXPECT_EQ(from.loaded, store.path() / from.sha256 / "plugin.so");
  EXPECT_EQ((*library)->manifest().name, "good_c");
}

TEST_F(Loader, RefusesAnotherHashThanThePinnedOne) {
  const std::string real = sha256_hex(test::read_file(test::fixture("good_c")));
  EXPECT_TRUE(load_library(test::fixture("good_c"), store, {"", "", "", real}));
  const auto other =
      load_library(test::fixture("good_c"), store, {"", "", "", std::string(64, '0')});
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().text.find("refused at copy: its sha256 is " + real), std::string::npos);
}

TEST_F(Loader, RefusesAManifestThatIsNotWhatItsPlaceSays) {
  const auto kind = load_library(test::fixture("good_c"), store, {"transport", "", "", ""});
  EXPECT_NE(kind.error().text.find("refused at note: its manifest says kind"), std::string::npos);
  const auto version = load_library(test::fixture("good_c"), store, {"", "", "1.0.1", ""});
  EXPECT_NE(version.error().text.find("version \"1.0.0\""), std::string::npos);
}

TEST_F(Loader, SaysThatThereIsNoFile) {
  const auto missing = load_library(plugins / "no.so", store, {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, errc::not_found);
  EXPECT_NE(missing.error().text.find("refused at resolve"), std::string::npos);
}

}  // namespace
}  // namespace spawn
