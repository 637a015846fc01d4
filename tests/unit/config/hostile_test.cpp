// A file made to hurt: it is refused or it loads, within bounds, and the process lives.
#include <chrono>
#include <random>

#include "support.hpp"

namespace spawn::config {
namespace {

using testing::HasSubstr;

TEST(hostile_files, an_alias_bomb_is_refused) {
  std::string text = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const auto before = std::to_string(i - 1);
    text += "b" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k) {
      text += (k == 0 ? "*a" : ", *a") + before;
    }
    text += "]\n";
  }
  EXPECT_THAT(errors(text), HasSubstr("more than 100000 values"));
}

TEST(hostile_files, a_long_text_repeated_by_aliases_is_refused) {
  std::string text = "a: &a " + std::string(100'000, 'x') + "\nb: [";
  for (int i = 0; i < 500; ++i) {
    text += "*a, ";
  }
  EXPECT_THAT(errors(text + "x]\n"), HasSubstr("more than 16777216 bytes"));
}

TEST(hostile_files, an_alias_to_itself_is_refused) {
  EXPECT_THAT(errors("a: &a [*a]\n"), HasSubstr("inside what it stands for"));
}

TEST(hostile_files, deep_nesting_is_refused) {
  for (const std::size_t depth : {70u, 600u, 5'000u, 100'000u}) {
    EXPECT_NE(errors("a: " + std::string(depth, '[') + std::string(depth, ']')), "") << depth;
    EXPECT_NE(errors("a: " + std::string(depth, '{')), "") << depth;
    EXPECT_NE(errors(std::string(depth, '-') + " a"), "") << depth;
  }
  EXPECT_THAT(errors("a: " + std::string(70, '[') + std::string(70, ']')),
              HasSubstr("nested deeper than 64 levels"));
}

TEST(hostile_files, nesting_made_deep_by_aliases_is_refused) {
  const std::string open(40, '[');
  const std::string close(40, ']');
  EXPECT_THAT(errors("a: &a " + open + close + "\nb: " + open + "*a" + close + "\n"),
              HasSubstr("nested deeper than 64 levels"));
}

TEST(hostile_files, a_large_file_is_refused) {
  EXPECT_EQ(errors(std::string((1 << 20) + 1, '#')),
            "spawn.yaml: the file is larger than 1048576 bytes");
  EXPECT_EQ(errors(std::string(1 << 20, '#')), "");
}

TEST(hostile_files, many_values_are_refused_at_the_limit) {
  std::string text = "a: [";
  for (int i = 0; i < 100'001; ++i) {
    text += "1,";
  }
  EXPECT_THAT(errors(text + "1]"), HasSubstr("more than 100000 values"));
}

TEST(hostile_files, a_thousand_errors_are_still_one_short_message) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) {
    text += "k" + std::to_string(i) + ": 1\n";
  }
  const auto got = errors(text);
  EXPECT_THAT(got, HasSubstr("and 4980 more"));
  EXPECT_LT(got.size(), 10'000u);
}

TEST(hostile_files, a_long_text_against_a_pattern_is_refused_and_does_not_recurse) {
  EXPECT_NE(errors("durability: {history: {keep: " + std::string(900'000, '1') + "d}}"), "");
  EXPECT_NE(errors("statestores: {" + std::string(900, 'a') + ": {use: x}}"), "");
  EXPECT_NE(errors("transport: {use: x, sha256: " + std::string(900'000, 'a') + "}"), "");
}

// Whole-file damage: cut, doubled, swapped, flipped, with pieces of YAML put anywhere.
TEST(hostile_files, two_hundred_damaged_samples_never_crash) {
  const std::string sample = default_yaml();
  const std::string_view pieces[] = {"[",  "]",  "{",  "}",  ": ",   "- ", "\n",   "&a ",  "*a ",
                                     "!!", "|",  ">",  "\"", "'",    "\t", "${",   "%",    "---\n",
                                     "?",  "\\", "\r", "#",  "<<: ", "~",  "\xc3", "\xff", "...\n"};
  std::mt19937 random(7);
  int refused = 0;
  for (int i = 0; i < 200; ++i) {
    std::string text = sample;
    for (unsigned n = 1 + random() % 4; n > 0; --n) {
      const std::size_t place = random() % text.size();
      switch (random() % 5) {
        case 0:
          text.resize(std::max<std::size_t>(place, 1));
          break;
        case 1:
          text.insert(place, pieces[random() % std::size(pieces)]);
          break;
        case 2:
          text.insert(place, text.substr(random() % text.size(), random() % 200));
          break;
        case 3:
          text[place] = static_cast<char>(random());
          break;
        default:
          text.erase(place, random() % 50);
          break;
      }
    }
    const auto got = load(text);
    if (!got) {
      ++refused;
      EXPECT_FALSE(got.error().text.empty());
      EXPECT_EQ(got.error().code, errc::invalid);
      EXPECT_THAT(got.error().text, HasSubstr("spawn.yaml"));
    }
  }
  EXPECT_GT(refused, 30);
}

}  // namespace
}  // namespace spawn::config
