#include "ack_book.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace {

using rabbitmq::ack_book;
using acks = std::vector<std::pair<std::uint64_t, bool>>;

ack_book book_of(std::uint64_t n) {
  ack_book out;
  for (std::uint64_t tag = 1; tag <= n; ++tag) {
    out.delivered(tag);
  }
  return out;
}

acks flushed(ack_book& book) {
  acks out;
  book.flush([&](std::uint64_t tag, bool multiple) {
    out.emplace_back(tag, multiple);
    return true;
  });
  return out;
}

TEST(ack_book, one_ack_stands_for_all_that_are_done_from_the_start) {
  ack_book book = book_of(5);
  for (const std::uint64_t tag : {3, 1, 2}) {
    book.acked(tag);
  }
  EXPECT_EQ(flushed(book), (acks{{3, true}}));
  EXPECT_EQ(book.open(), 2u);
}

TEST(ack_book, one_message_needs_no_multiple) {
  ack_book book = book_of(2);
  book.acked(1);
  EXPECT_EQ(flushed(book), (acks{{1, false}}));
}

TEST(ack_book, what_is_open_in_between_is_not_acknowledged_with_the_rest) {
  ack_book book = book_of(6);
  for (const std::uint64_t tag : {1, 2, 4, 6}) {
    book.acked(tag);
  }
  EXPECT_EQ(flushed(book), (acks{{2, true}, {4, false}, {6, false}}));
  book.acked(3);
  EXPECT_EQ(flushed(book), (acks{{3, false}}));
  book.acked(5);
  EXPECT_EQ(flushed(book), (acks{{5, false}}));
  EXPECT_EQ(book.open(), 0u);
}

TEST(ack_book, what_was_given_back_does_not_stand_in_the_way) {
  ack_book book = book_of(4);
  book.returned(2);
  book.acked(1);
  book.acked(3);
  EXPECT_EQ(flushed(book), (acks{{3, true}}));
}

TEST(ack_book, a_tag_that_is_not_open_is_no_ack) {
  ack_book book = book_of(2);
  book.acked(7);
  book.returned(1);
  book.acked(1);
  EXPECT_FALSE(book.has_acks());
  EXPECT_TRUE(flushed(book).empty());
}

TEST(ack_book, what_could_not_be_sent_stays) {
  ack_book book = book_of(5);
  for (const std::uint64_t tag : {1, 2, 4, 5}) {
    book.acked(tag);
  }
  book.flush([](std::uint64_t, bool) { return false; });
  EXPECT_EQ(book.open(), 5u);
  int left = 2;
  book.flush([&](std::uint64_t, bool) { return left-- > 0; });
  EXPECT_TRUE(book.has_acks());
  EXPECT_EQ(flushed(book), (acks{{5, false}}));
}

// Against what the broker does with the acks it gets.
TEST(ack_book, exactly_what_was_acknowledged_is_acknowledged) {
  std::minstd_rand random(7);
  for (int round = 0; round < 200; ++round) {
    ack_book book;
    std::set<std::uint64_t> broker, done;
    std::uint64_t last = 0;
    for (int step = 0; step < 60; ++step) {
      const auto pick = [&] {
        auto at = broker.begin();
        std::advance(at, static_cast<long>(random() % broker.size()));
        return *at;
      };
      const unsigned what = random() % 8;
      if (what < 3 || broker.empty()) {
        book.delivered(++last);
        broker.insert(last);
      } else if (what < 6) {
        const std::uint64_t tag = pick();
        book.acked(tag);
        done.insert(tag);
      } else if (what == 6) {
        if (const std::uint64_t tag = pick(); !done.contains(tag)) {
          book.returned(tag);
          broker.erase(tag);
        }
      } else {
        book.flush([&](std::uint64_t tag, bool multiple) {
          EXPECT_TRUE(broker.contains(tag));
          for (auto at = multiple ? broker.begin() : broker.find(tag);
               at != broker.end() && *at <= tag;) {
            EXPECT_EQ(done.erase(*at), 1u) << "acknowledged what nobody acknowledged";
            at = broker.erase(at);
          }
          return true;
        });
        EXPECT_TRUE(done.empty());
      }
    }
  }
}

}  // namespace
