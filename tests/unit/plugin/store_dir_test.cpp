#include "plugin/store_dir.hpp"

#include <gtest/gtest.h>

#include "unit/plugin/paths.hpp"

namespace spawn {
namespace {

namespace fs = std::filesystem;

TEST(Sha256, IsTheStandardOne) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(StoreDir, PutsEachContentAtAPathOfItsOwn) {
  test::temp_dir dir;
  const auto store = store_dir::open(dir.path / "plugins");
  ASSERT_TRUE(store) << store.error().text;
  const auto a = store->put("one", sha256_hex("one"));
  const auto b = store->put("two", sha256_hex("two"));
  ASSERT_TRUE(a && b);
  EXPECT_EQ(*a, dir.path / "plugins" / sha256_hex("one") / "plugin.so");
  EXPECT_EQ(test::read_file(*a), "one");
  EXPECT_EQ(test::read_file(*b), "two");
}

TEST(StoreDir, LeavesAGoodCopyAloneAndReplacesABadOne) {
  test::temp_dir dir;
  const auto store = store_dir::open(dir.path / "plugins");
  ASSERT_TRUE(store);
  const auto file = store->put("one", sha256_hex("one"));
  ASSERT_TRUE(file);
  const auto before = fs::last_write_time(*file);
  ASSERT_TRUE(store->put("one", sha256_hex("one")));
  EXPECT_EQ(fs::last_write_time(*file), before);
  fs::permissions(*file, fs::perms::owner_all);
  test::write_file(*file, "evil");
  ASSERT_TRUE(store->put("one", sha256_hex("one")));
  EXPECT_EQ(test::read_file(*file), "one");
  int files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(file->parent_path())) {
    ++files;
  }
  EXPECT_EQ(files, 1) << "no temporary file may stay";
}

TEST(StoreDir, IsPrivate) {
  test::temp_dir dir;
  ASSERT_TRUE(store_dir::open(dir.path / "plugins"));
  EXPECT_EQ(fs::status(dir.path / "plugins").permissions(), fs::perms::owner_all);
  fs::permissions(dir.path / "plugins", fs::perms::all);
  const auto shared = store_dir::open(dir.path / "plugins");
  ASSERT_FALSE(shared);
  EXPECT_NE(shared.error().text.find("others may write"), std::string::npos);
}

TEST(StoreDir, RefusesRelativePathsLinksAndFiles) {
  test::temp_dir dir;
  EXPECT_FALSE(store_dir::open("plugins"));
  test::write_file(dir.path / "file", "");
  EXPECT_FALSE(store_dir::open(dir.path / "file"));
  fs::create_directory(dir.path / "real");
  fs::create_symlink(dir.path / "real", dir.path / "link");
  EXPECT_FALSE(store_dir::open(dir.path / "link"));
}

}  // namespace
}  // namespace spawn
