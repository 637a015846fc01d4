#include "base/mpsc.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <thread>
#include <vector>

namespace spawn {
namespace {

struct message : mpsc_node {
  message(int from, int n) : producer(from), number(n) {}
  int producer;
  int number;
};

std::vector<int> take(mpsc_queue& queue) {
  std::vector<int> out;
  for (mpsc_node* node = queue.take_all(); node != nullptr; node = node->mpsc_next) {
    out.push_back(static_cast<message*>(node)->number);
  }
  return out;
}

TEST(Mpsc, GivesTheOldestFirst) {
  mpsc_queue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.take_all(), nullptr);
  message a(0, 1);
  message b(0, 2);
  message c(0, 3);
  queue.push(&a);
  queue.push(&b);
  queue.push(&c);
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(take(queue), (std::vector<int>{1, 2, 3}));
  EXPECT_TRUE(queue.empty());
}

TEST(Mpsc, OnlyThePushIntoAnEmptyQueueWakesTheConsumer) {
  mpsc_queue queue;
  message a(0, 1);
  message b(0, 2);
  EXPECT_TRUE(queue.push(&a));
  EXPECT_FALSE(queue.push(&b));
  EXPECT_EQ(take(queue).size(), 2u);
  EXPECT_TRUE(queue.push(&a));
  EXPECT_EQ(take(queue), (std::vector<int>{1}));
}

TEST(Mpsc, AChainArrivesWholeAndInOrder) {
  mpsc_queue queue;
  message before(0, 1);
  message oldest(0, 2);
  message middle(0, 3);
  message newest(0, 4);
  newest.mpsc_next = &middle;
  middle.mpsc_next = &oldest;
  EXPECT_TRUE(queue.push(&before));
  EXPECT_FALSE(queue.push_chain(&newest, &oldest));
  EXPECT_EQ(take(queue), (std::vector<int>{1, 2, 3, 4}));
}

// Two producers and this thread as the consumer: nothing is lost or doubled, the order of each
// producer is kept, and every time the queue was empty someone was told to wake the consumer.
TEST(Mpsc, KeepsEveryProducersOrderUnderLoad) {
  constexpr int producers = 2;
  constexpr int each = 50'000;
  mpsc_queue queue;
  std::deque<message> messages[producers];
  for (int p = 0; p < producers; ++p) {
    for (int n = 0; n < each; ++n) {
      messages[p].emplace_back(p, n);
    }
  }
  std::atomic<int> wakes{0};
  std::vector<std::thread> threads;
  for (auto& mine : messages) {
    threads.emplace_back([&queue, &wakes, &mine] {
      for (auto& one : mine) {
        if (queue.push(&one)) {
          wakes.fetch_add(1, std::memory_order_relaxed);
        }
      }
    });
  }
  int next[producers] = {};
  int left = producers * each;
  int drains = 0;
  bool in_order = true;
  while (left > 0) {
    mpsc_node* node = queue.take_all();
    drains += node != nullptr ? 1 : 0;
    while (node != nullptr) {
      auto* got = static_cast<message*>(node);
      node = node->mpsc_next;
      in_order = in_order && got->number == next[got->producer];
      next[got->producer] = got->number + 1;
      --left;
    }
    std::this_thread::yield();
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_TRUE(in_order);
  EXPECT_EQ(next[0], each);
  EXPECT_EQ(next[1], each);
  EXPECT_EQ(wakes.load(), drains);
  EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace spawn
