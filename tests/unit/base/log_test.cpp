#include "base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <string>
#include <thread>

namespace spawn {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { log::init(log::level::info, log::format::text); }
  template <class F>
  static std::string written_by(F&& f) {
    testing::internal::CaptureStderr();
    f();
    log::flush();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(LogTest, TextHasFieldsAndQuotesWhatNeedsIt) {
  log::init(log::level::info, log::format::text);
  const auto line = written_by([] {
    SPAWN_LOG(warn, "cell dropped", {"actor", "joe"}, {"why", "two words"}, {"revision", 7},
              {"empty", ""}, {"last", true}, {"size", std::uint64_t{1} << 63});
  });
  EXPECT_THAT(line, EndsWith(" warn cell dropped actor=joe why=\"two words\" revision=7 "
                             "empty=\"\" last=true size=9223372036854775808\n"));
}

TEST_F(LogTest, AFieldCannotBeginALineOfItsOwn) {
  log::init(log::level::info, log::format::text);
  const auto line = written_by([] { SPAWN_LOG(info, "m", {"name", "a\nb\"c"}); });
  EXPECT_THAT(line, EndsWith(" name=\"a\\u000ab\\\"c\"\n"));
}

TEST_F(LogTest, JsonIsOneObjectPerLine) {
  log::init(log::level::info, log::format::json);
  const auto line = written_by([] { SPAWN_LOG(error, "m", {"t", "a\"\n"}, {"n", -1}); });
  EXPECT_THAT(line, HasSubstr(R"({"time":")"));
  EXPECT_THAT(line, EndsWith(R"(,"level":"error","msg":"m","t":"a\"\u000a","n":-1})"
                             "\n"));
}

TEST_F(LogTest, JsonHoldsWhatIsNoTextAndNoNumber) {
  log::init(log::level::info, log::format::json);
  const auto line = written_by([] {
    SPAWN_LOG(info, "m", {"t", "a\xffz\xc3"}, {"d", std::numeric_limits<double>::infinity()});
  });
  EXPECT_THAT(line, EndsWith(R"("t":"a\ufffdz\ufffd","d":"inf"})"
                             "\n"));
}

TEST_F(LogTest, AReaderThatDoesNotReadHoldsNobodyUp) {
  log::init(log::level::info, log::format::text);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const int before = ::dup(STDERR_FILENO);
  ASSERT_GE(::dup2(ends[1], STDERR_FILENO), 0);
  log::write_in_background();
  constexpr int lines = 20'000;  // far more than a pipe and the queue hold
  for (int i = 0; i < lines; ++i) {
    SPAWN_LOG(info, "line", {"n", i});
  }
  const auto dropped = log::lines_dropped();
  EXPECT_GT(dropped, 0U);
  std::string got;
  std::thread reader([&] {
    char part[4096];
    for (ssize_t n = 0; (n = ::read(ends[0], part, sizeof part)) > 0;) {
      got.append(part, static_cast<std::size_t>(n));
    }
  });
  log::write_directly();
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  EXPECT_THAT(got, EndsWith(" info line n=19999\n")) << "the newest lines are kept, in order";
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(got.begin(), got.end(), '\n')), lines - dropped);
}

TEST_F(LogTest, BelowItsLevelNothingIsWrittenOrEvaluated) {
  log::init(log::level::warn, log::format::text);
  int evaluated = 0;
  const auto line = written_by([&] { SPAWN_LOG(info, "m", {"n", ++evaluated}); });
  EXPECT_EQ(line, "");
  EXPECT_EQ(evaluated, 0);
  EXPECT_TRUE(log::enabled(log::level::warn));
  EXPECT_FALSE(log::enabled(log::level::info));
}

TEST_F(LogTest, LevelsAreReadFromText) {
  EXPECT_EQ(log::parse_level("debug"), log::level::debug);
  EXPECT_EQ(log::parse_level("warning"), log::level::warn);
  EXPECT_EQ(log::parse_level("off"), log::level::off);
  EXPECT_EQ(log::parse_level("loud"), log::level::info);
}

}  // namespace
}  // namespace spawn
