// Files and folders for tests.
#pragma once
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace spawn::test {

namespace fs = std::filesystem;

// An empty folder that goes with the object.
struct temp_dir {
  temp_dir() {
    std::string name = (fs::temp_directory_path() / "spawn-plugin-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~temp_dir() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  fs::path path;
};

// ${CMAKE_BINARY_DIR}/fixtures/<name>/plugin.so
inline fs::path fixture(const std::string& name) {
  const char* build = std::getenv("SPAWN_BUILD_DIR");
  return fs::path(build != nullptr ? build : ".") / "fixtures" / name / "plugin.so";
}

inline std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const fs::path& file, const std::string& bytes) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace spawn::test
