// subject: the plugin under test, as one test sees it. Each look is taken when it is asked for, and
// throws contract::failed where there is nothing to see. Life: one for a test's process. Thread:
// the test's.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "contract/common/check.hpp"
#include "plugin/elf_file.hpp"
#include "plugin/manifest.hpp"

namespace spawn::check {

namespace contract = ::contract;  // not spawn::contract, the workflow suite's

class subject {
 public:
  struct given {
    std::string path;           // of the plugin.so
    std::string config = "{}";  // JSON, with {dir} and {n}
    std::string folder;         // for this test alone, removed after it
    std::string driver;         // command line of an activator's driver; may be empty
    std::uint64_t seed = 1;
    std::chrono::milliseconds patience{10'000};
  };
  explicit subject(given from) : given_(std::move(from)) {}

  [[nodiscard]] const std::string& path() const noexcept { return given_.path; }
  [[nodiscard]] const std::string& driver() const noexcept { return given_.driver; }
  [[nodiscard]] std::uint64_t seed() const noexcept { return given_.seed; }
  // How long a test waits for what has to come.
  [[nodiscard]] std::chrono::milliseconds patience() const noexcept { return given_.patience; }
  // A folder that nobody has used.
  [[nodiscard]] std::string fresh_folder();
  // The config of an instance that shares nothing with any other.
  [[nodiscard]] std::string fresh_config();

  [[nodiscard]] const std::string& bytes();
  [[nodiscard]] const elf_image& image();
  [[nodiscard]] const std::string& note();  // text of the manifest
  [[nodiscard]] const plugin_manifest& manifest();
  [[nodiscard]] bool one_lane() { return manifest().lanes == lane_mode::one; }

  // What the entry function returns: the library is opened with the first call, for good.
  [[nodiscard]] const spawn_plugin_entry* entry();
  // For the suites of tests/contract.
  [[nodiscard]] contract::target target();

 private:
  given given_;
  int made_ = 0;
  std::optional<std::string> bytes_, note_;
  std::optional<elf_image> image_;
  std::optional<plugin_manifest> manifest_;
  std::optional<const spawn_plugin_entry*> entry_;
};

// Opens the file as the kernel does. Throws contract::failed with the linker's words.
[[nodiscard]] void* open_library(const std::string& path);
// Its entry function; throws contract::failed if it has none.
[[nodiscard]] spawn_plugin_entry_fn entry_function(void* library);

}  // namespace spawn::check
