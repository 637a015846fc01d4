#include "hostcall/host_error_text.hpp"

#include <gtest/gtest.h>

namespace spawn {
namespace {

TEST(HostErrorText, HasTheStatusAndTheFirstLine) {
  EXPECT_EQ(host_error_text(500, ""), "the host answered HTTP 500");
  EXPECT_EQ(host_error_text(422, "insufficient funds"),
            "the host answered HTTP 422: insufficient funds");
  EXPECT_EQ(host_error_text(500, "Error: no\r\n  at main"),
            "the host answered HTTP 500: Error: no");
  EXPECT_EQ(host_error_text(500, "Überzogen"), "the host answered HTTP 500: Überzogen");
}

TEST(HostErrorText, LeavesOutWhatIsNoText) {
  EXPECT_EQ(host_error_text(500, std::string_view("\x0a\x03xyz", 5)), "the host answered HTTP 500");
  EXPECT_EQ(host_error_text(500, "a\x01z"), "the host answered HTTP 500");
  EXPECT_EQ(host_error_text(500, "a\xffz"), "the host answered HTTP 500");
}

TEST(HostErrorText, CutsBetweenCharacters) {
  const std::string text = host_error_text(500, std::string(255, 'a') + "ü and more");
  EXPECT_EQ(text, "the host answered HTTP 500: " + std::string(255, 'a') + "...");
}

}  // namespace
}  // namespace spawn
