// What the mutators of the fuzzers share: chance, and libFuzzer's own mutations on a part of the
// input. A mutator keeps the frame of a format whole (lengths, headers, indentation), so that what
// is changed is still reached by the parser; every few inputs it leaves all to libFuzzer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace spawn::fuzz {

class chance {
 public:
  explicit chance(unsigned seed) : next_(seed) {}
  // 0 <= result < n; n > 0.
  [[nodiscard]] std::size_t below(std::size_t n) { return next_() % n; }
  [[nodiscard]] bool one_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  [[nodiscard]] auto& of(T&& list) {
    return list[below(std::size(list))];
  }

 private:
  std::mt19937 next_;
};

// Any change that libFuzzer knows, at most `growth` bytes longer.
inline std::string changed(std::string text, std::size_t growth) {
  const std::size_t size = text.size();
  text.resize(size + growth);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

// Puts the new input where libFuzzer wants it; one that became too long is cut.
inline std::size_t hand_back(const std::string& text, std::uint8_t* data, std::size_t most) {
  const std::size_t size = std::min(text.size(), most);
  std::memcpy(data, text.data(), size);
  return size;
}

}  // namespace spawn::fuzz
