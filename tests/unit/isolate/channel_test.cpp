// The stream between two processes, with both ends in this one.
#include "plugin/isolate/channel.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>

namespace spawn::isolate {
namespace {

struct stream {
  static constexpr std::size_t size = 64;
  stream() : bell(::eventfd(0, EFD_NONBLOCK)) {
    sender.bind(ring_writer(*words, bytes), bell);
    receiver = frame_receiver(ring_reader(*words, bytes), bell);
  }
  ~stream() { ::close(bell); }
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  bool rung() {
    std::uint64_t n = 0;
    return ::read(bell, &n, sizeof n) == sizeof n;
  }
  std::string next() {
    std::string out;
    return receiver.next(out) ? out : "(nothing)";
  }

  std::unique_ptr<ring_words> words = std::make_unique<ring_words>();
  std::array<std::byte, size> bytes{};
  int bell;
  frame_sender sender;
  frame_receiver receiver;
};

TEST(isolate_channel, gives_frames_whole_and_in_order) {
  stream s;
  for (int round = 0; round < 100; ++round) {  // many times around the ring
    EXPECT_TRUE(s.sender.send("first"));
    EXPECT_TRUE(s.sender.send(""));
    EXPECT_TRUE(s.sender.send("the third one"));
    EXPECT_EQ(s.next(), "first");
    EXPECT_EQ(s.next(), "");
    EXPECT_EQ(s.next(), "the third one");
    EXPECT_EQ(s.next(), "(nothing)");
  }
}

TEST(isolate_channel, a_frame_may_be_longer_than_the_ring) {
  stream s;
  std::string big;
  for (int i = 0; i < 10'000; ++i) {
    big += static_cast<char>('a' + i % 26);
  }
  EXPECT_TRUE(s.sender.send(big));
  EXPECT_TRUE(s.sender.send("after it"));
  std::string got = "(nothing)";
  for (int i = 0; i < 1'000 && got == "(nothing)"; ++i) {
    got = s.next();
    s.sender.go_on();
  }
  EXPECT_EQ(got, big);
  EXPECT_EQ(s.next(), "after it");
}

TEST(isolate_channel, what_waits_has_a_bound) {
  stream s;
  const std::string frame(50, 'x');
  EXPECT_TRUE(s.sender.send(frame, 100));  // 10 bytes of the ring are left
  EXPECT_TRUE(s.sender.send(frame, 100));  // most of it waits
  EXPECT_TRUE(s.sender.send(frame, 100));
  EXPECT_FALSE(s.sender.send(frame, 100));
  EXPECT_EQ(s.next(), frame);
  s.sender.go_on();
  EXPECT_TRUE(s.sender.send(frame, 100));
}

TEST(isolate_channel, rings_for_a_reader_that_sleeps_and_for_no_other) {
  stream s;
  EXPECT_TRUE(s.sender.send("one"));
  EXPECT_FALSE(s.rung());
  EXPECT_FALSE(s.receiver.sleep()) << "there is something to read";
  EXPECT_EQ(s.next(), "one");
  EXPECT_TRUE(s.receiver.sleep());
  EXPECT_TRUE(s.sender.send("two"));
  EXPECT_TRUE(s.rung());
  EXPECT_TRUE(s.sender.send("three"));
  EXPECT_FALSE(s.rung()) << "once is enough";
}

TEST(isolate_channel, a_reader_that_made_room_rings_for_the_writer) {
  stream s;
  EXPECT_TRUE(s.sender.send(std::string(100, 'x')));
  EXPECT_EQ(s.next(), "(nothing)");
  EXPECT_TRUE(s.rung());
}

TEST(isolate_channel, nonsense_in_the_shared_words_stops_it) {
  stream s;
  s.words->written = 1'000;
  EXPECT_EQ(s.next(), "(nothing)");
  EXPECT_TRUE(s.receiver.broken());
  stream t;
  t.words->taken = 7;  // of nothing
  EXPECT_TRUE(t.sender.send("waits for ever"));
  EXPECT_FALSE(t.sender.send("refused"));
}

TEST(isolate_channel, a_length_beyond_the_limit_stops_it) {
  stream s;
  const std::uint32_t length = 0xffffffff;
  std::memcpy(s.bytes.data(), &length, sizeof length);
  s.words->written = sizeof length;
  EXPECT_EQ(s.next(), "(nothing)");
  EXPECT_TRUE(s.receiver.broken());
}

TEST(isolate_channel, nobody_reads_an_unbound_one) {
  stream s;
  s.sender.unbind();
  EXPECT_FALSE(s.sender.send("to nobody"));
}

}  // namespace
}  // namespace spawn::isolate
