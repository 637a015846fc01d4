// What happened in a run, event by event: hashed for the determinism test, kept for a failure.
#pragma once
#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/hash.hpp"

namespace sim {

// Numbers only, so that recording costs nothing worth counting; text is made when printed.
class trace {
 public:
  explicit trace(bool print) : print_(print) {}

  void note(std::uint64_t now_ns, const char* what, std::uint64_t a = 0, std::uint64_t b = 0,
            std::uint64_t c = 0) {
    entry& e = last_[count_ % last_.size()];
    e = {now_ns, what, a, b, c};
    ++count_;
    hash_ = spawn::hash_bytes(what, hash_ ^ now_ns);
    for (const std::uint64_t x : {a, b, c}) {
      hash_ = (hash_ ^ x) * 0x9e3779b97f4a7c15ULL;
      hash_ ^= hash_ >> 29;
    }
    if (print_) {
      write(e, stdout);
    }
  }
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  void print_last(std::FILE* to) const {
    const std::uint64_t n = count_ < last_.size() ? count_ : last_.size();
    for (std::uint64_t i = count_ - n; i < count_; ++i) {
      write(last_[i % last_.size()], to);
    }
  }

 private:
  struct entry {
    std::uint64_t at = 0;
    const char* what = "";
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    std::uint64_t c = 0;
  };
  static void write(const entry& e, std::FILE* to) {
    std::fprintf(to, "%12.6f  %-28s %llx %llx %llx\n", static_cast<double>(e.at) / 1e9, e.what,
                 static_cast<unsigned long long>(e.a), static_cast<unsigned long long>(e.b),
                 static_cast<unsigned long long>(e.c));
  }
  bool print_;
  std::array<entry, 60> last_{};
  std::uint64_t count_ = 0;
  std::uint64_t hash_ = 1;
};

}  // namespace sim
