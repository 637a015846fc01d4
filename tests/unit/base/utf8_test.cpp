#include "base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spawn {
namespace {

TEST(Utf8, EveryLengthOfACharacterIsTaken) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain text, longer than a word"));
  EXPECT_TRUE(is_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80"));
  EXPECT_TRUE(is_utf8(std::string("\0", 1)));
}

TEST(Utf8, WhatRfc3629ForbidsIsRefused) {
  EXPECT_FALSE(is_utf8("\xC0\xAF")) << "overlong";
  EXPECT_FALSE(is_utf8("\xE0\x80\x80")) << "overlong";
  EXPECT_FALSE(is_utf8("\xED\xA0\x80")) << "a surrogate";
  EXPECT_FALSE(is_utf8("\xF4\x90\x80\x80")) << "above U+10FFFF";
  EXPECT_FALSE(is_utf8("\xFF"));
  EXPECT_FALSE(is_utf8("\x80")) << "a continuation alone";
  EXPECT_FALSE(is_utf8("abc\xE2\x82")) << "cut off";
}

TEST(Utf8, ThePrefixEndsBeforeTheFirstBadCharacter) {
  EXPECT_EQ(utf8_prefix("12345678ab\xFFzz"), 10U);
  EXPECT_EQ(utf8_prefix("\xC3\xA9\xC3"), 2U);
  EXPECT_EQ(utf8_prefix("\xE2\x82"), 0U);
}

}  // namespace
}  // namespace spawn
