// mutator: seeded bytes for fuzz cases: noise, protobuf-like noise and damaged real messages.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace spawn::contract {

class mutator {
 public:
  explicit mutator(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(next() % n); }

  // A third each of noise, messages of random fields, and messages of the corpus, most of them
  // damaged.
  std::string part(const std::vector<std::string>& corpus) {
    switch (below(3)) {
      case 0:
        return noise(below(200));
      case 1:
        return message(3);
      default:
        return corpus.empty() ? message(4) : damage(corpus[below(size_of(corpus))], corpus);
    }
  }

 private:
  static std::uint32_t size_of(const auto& c) { return static_cast<std::uint32_t>(c.size()); }

  std::string noise(std::uint32_t n) {
    std::string out;
    for (std::uint32_t i = 0; i < n; ++i) {
      out += static_cast<char>(next());
    }
    return out;
  }

  static void put_varint(std::string& out, std::uint64_t v) {
    while (v >= 0x80) {
      out += static_cast<char>(v | 0x80);
      v >>= 7;
    }
    out += static_cast<char>(v);
  }

  // Small field numbers and all wire types, so that known fields come with wrong types as well.
  std::string message(std::uint32_t depth) {
    std::string out;
    for (std::uint32_t fields = below(6); fields > 0; --fields) {
      const std::uint32_t type = below(10) == 0 ? below(8) : (below(2) == 0 ? 2 : 0);
      put_varint(out, (std::uint64_t{below(13)} << 3) | type);
      if (type == 2) {
        const std::string body = depth > 0 && below(3) != 0 ? message(depth - 1) : noise(below(12));
        put_varint(out, body.size() + (below(40) == 0 ? 1 : 0));
        out += body;
      } else {
        put_varint(out, below(2) == 0 ? below(2) : next());
      }
    }
    return out;
  }

  std::string damage(std::string bytes, const std::vector<std::string>& corpus) {
    for (std::uint32_t times = below(5); times > 0 && !bytes.empty(); --times) {
      const std::size_t at = below(size_of(bytes));
      switch (below(6)) {
        case 0:
          bytes[at] = static_cast<char>(next());
          break;
        case 1:
          bytes[at] = static_cast<char>(static_cast<unsigned char>(bytes[at]) ^ (1u << below(8)));
          break;
        case 2:
          bytes.resize(at);
          break;
        case 3:
          bytes.insert(at, noise(1 + below(4)));
          break;
        case 4:
          bytes.erase(at, 1 + below(4));
          break;
        default:
          bytes.insert(at, corpus[below(size_of(corpus))]);
          break;
      }
    }
    return bytes;
  }

  std::uint64_t state_;
};

}  // namespace spawn::contract
