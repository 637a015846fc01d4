// Keys and shorthands for the tests of the sealer.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "state/seal/sealer.hpp"

namespace spawn::test {

// The bytes 00 01 .. 1f, thirty-two 'k', thirty-two 'o'.
inline constexpr const char* counting_key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
inline constexpr const char* new_key = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
inline constexpr const char* old_key = "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28=";

// One kernel incarnation with one lane.
struct incarnation {
  explicit incarnation(const seal_options& options) : keys(std::move(*sealer::create(options))) {
    lane = std::move(*keys->make_lane());
  }
  std::string seal(std::string_view aad, std::string_view plain) {
    const std::string_view parts[] = {plain};
    std::string out;
    const auto sealed = lane->seal(aad, parts, out);
    EXPECT_TRUE(sealed) << sealed.error().text;
    return out;
  }
  result<std::string> open(std::string_view aad, std::string_view sealed) {
    std::string plain = "left over";
    auto opened = lane->open(aad, sealed, plain);
    if (!opened) {
      EXPECT_EQ(plain, "");
      return tl::unexpected<error>(std::move(opened.error()));
    }
    return plain;
  }
  std::unique_ptr<sealer> keys;
  std::unique_ptr<lane_sealer> lane;
};

inline std::string aad_of(std::string_view key, std::uint64_t revision, std::uint64_t writer,
                          seal_part part = seal_part::payload) {
  std::string out;
  make_aad(out, key, revision, writer, part);
  return out;
}

}  // namespace spawn::test
