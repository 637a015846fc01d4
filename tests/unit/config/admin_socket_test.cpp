#include "config/admin_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "support.hpp"

namespace spawn::config {
namespace {

// A directory of our own that is removed with the two it may contain.
class scratch {
 public:
  scratch() : path_(testing::TempDir() + "spawn_admin_XXXXXX") {
    EXPECT_NE(::mkdtemp(path_.data()), nullptr);
  }
  ~scratch() {
    ::rmdir((path_ + "/a").c_str());
    ::unlink((path_ + "/b").c_str());
    ::rmdir((path_ + "/b").c_str());
    ::rmdir(path_.c_str());
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(admin_socket, is_looked_for_in_three_places_in_order) {
  const auto user = std::to_string(::geteuid());
  EXPECT_THAT(admin_socket_paths(environment({{"XDG_RUNTIME_DIR", "/run/user/7"}})),
              testing::ElementsAre("/run/spawn/admin.sock", "/run/user/7/spawn/admin.sock",
                                   "/tmp/spawn-" + user + "/admin.sock"));
  EXPECT_EQ(admin_socket_paths(environment()).size(), 2u);
  EXPECT_EQ(admin_socket_paths(environment({{"XDG_RUNTIME_DIR", "relative"}})).size(), 2u);
}

TEST(admin_socket, takes_the_first_directory_it_may_make) {
  const scratch dir;
  const auto got = choose_admin_socket(
      std::vector<std::string>{"/nonexistent/x/admin.sock", dir.path() + "/a/admin.sock"});
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(*got, dir.path() + "/a/admin.sock");
  struct stat info{};
  ASSERT_EQ(::stat((dir.path() + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST(admin_socket, does_not_enter_a_directory_others_may_write) {
  const scratch dir;
  ASSERT_EQ(::mkdir((dir.path() + "/a").c_str(), 0700), 0);
  ASSERT_EQ(::chmod((dir.path() + "/a").c_str(), 0777), 0);
  const auto got = choose_admin_socket(std::vector<std::string>{dir.path() + "/a/admin.sock"});
  ASSERT_FALSE(got);
  EXPECT_THAT(got.error().text, testing::HasSubstr("others may write"));
  EXPECT_THAT(got.error().text, testing::HasSubstr("set admin.address"));
}

TEST(admin_socket, does_not_follow_a_link_in_the_directorys_place) {
  const scratch dir;
  ASSERT_EQ(::symlink("/tmp", (dir.path() + "/b").c_str()), 0);
  EXPECT_FALSE(choose_admin_socket(std::vector<std::string>{dir.path() + "/b/admin.sock"}));
}

}  // namespace
}  // namespace spawn::config
