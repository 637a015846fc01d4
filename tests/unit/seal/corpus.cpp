#include "unit/seal/corpus.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace spawn::test {

std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return out;
}

std::map<std::string, std::string> read_corpus(const std::string& file) {
  std::ifstream in(std::string(SPAWN_SEAL_CORPUS) + "/" + file);
  EXPECT_TRUE(in.good()) << file;
  std::map<std::string, std::string> out;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') {
      continue;
    }
    std::istringstream words(line);
    std::string name;
    std::string hex;
    words >> name >> hex;
    EXPECT_TRUE(out.emplace(name, from_hex(hex)).second) << name << " twice in " << file;
  }
  return out;
}

}  // namespace spawn::test
