// Unit tests over the plugin's file: what its kind has to keep, on the fake host.
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "check.hpp"
#include "spawn/plugin/testing/fake_activator.hpp"

namespace {

namespace fs = std::filesystem;
using spawn::plugin::testing::fake_offer;
using spawn::plugin::testing::fake_source_host;
using spawn::plugin::testing::fake_source_lane;

// The folder of one test.
class inbox {
 public:
  inbox() : path_((fs::temp_directory_path() / "inbox-XXXXXX").string()) {
    require(::mkdtemp(path_.data()) != nullptr, "there is a temporary folder");
  }
  ~inbox() { fs::remove_all(path_); }
  inbox(const inbox&) = delete;
  inbox& operator=(const inbox&) = delete;

  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + ".next") << text;
    fs::rename(path_ + ".next", fs::path(path_) / name);
  }
  [[nodiscard]] bool has(const std::string& name) const {
    return fs::exists(fs::path(path_) / name);
  }
  [[nodiscard]] std::string config() const {
    return R"({"folder":")" + path_ + R"(","poll_ms":1})";
  }

 private:
  std::string path_;
};

// One instance with its lane.
struct bench : plugin_on<fake_source_host> {
  explicit bench(const inbox& from)
      : plugin_on(from.config()), lane(host, raw(), table<spawn_activator>(SPAWN_ACTIVATOR)) {}
  fake_source_lane lane;
};

void files_are_offered_within_the_window() {
  const inbox folder;
  folder.put("1-anna", "one");
  folder.put("2-ben", "two");
  bench b(folder);
  b.lane.set_window(1);
  const fake_offer first = b.host.take();
  require(first.payload == "one" && first.order_key == "anna", "the first of them is first");
  require(b.host.untaken() == 0, "a window of one is one delivery");
  b.lane.settle(first.token, SPAWN_ACK);
  const fake_offer second = b.host.take();
  require(second.payload == "two" && !folder.has("1-anna"), "a file that is done is gone");
  b.lane.settle(second.token, SPAWN_DEAD);
  require(b.host.eventually([&] { return folder.has("dead/2-ben"); }), "a dead one is kept apart");
}

void a_retry_comes_after_its_delay() {
  const inbox folder;
  folder.put("1-anna", "one");
  bench b(folder);
  b.lane.set_window(10);
  b.lane.settle(b.host.take().token, SPAWN_RETRY, 5'000);
  folder.put("2-ben", "two");
  require(b.host.take().payload == "two", "the others do not wait for it");
  b.host.clock.advance(std::chrono::seconds(6));
  require(b.host.take().payload == "one", "it comes again");
}

void it_starts_without_its_folder() {
  const std::string config = R"({"folder":"/nobody/is/here","poll_ms":1})";
  plugin_on<fake_source_host> plugin(config);
  require(plugin.host.eventually([&] {
    const auto told = plugin.host.health();
    return !told.empty() && !told.back().serving && !told.back().why.empty();
  }),
          "it says that it serves nobody, and why");
}

}  // namespace

int main(int argc, char** argv) {
  open_plugin(argc, argv);
  files_are_offered_within_the_window();
  a_retry_comes_after_its_delay();
  it_starts_without_its_folder();
  return ended();
}
