#include "base/intrusive_list.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <type_traits>
#include <vector>

namespace spawn {
namespace {

struct by_age {};
struct by_size {};

struct item : list_hook<by_age>, list_hook<by_size> {
  explicit item(int n) : number(n) {}
  int number;
};

using age_list = intrusive_list<item, by_age>;
using size_list = intrusive_list<item, by_size>;

static_assert(!std::is_copy_constructible_v<age_list>);
static_assert(!std::is_copy_constructible_v<item>);

template <class List>
std::vector<int> numbers(List& list) {
  std::vector<int> out;
  list.for_each([&](item& each) { out.push_back(each.number); });
  return out;
}

using ints = std::vector<int>;

TEST(IntrusiveList, PopsInTheOrderOfPushing) {
  item a(1);
  item b(2);
  item c(3);
  age_list list;
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.front(), nullptr);
  EXPECT_EQ(list.pop_front(), nullptr);
  list.push_back(b);
  list.push_back(c);
  list.push_front(a);
  EXPECT_EQ(numbers(list), (ints{1, 2, 3}));
  EXPECT_EQ(list.front(), &a);
  EXPECT_EQ(list.pop_front(), &a);
  EXPECT_FALSE(a.list_hook<by_age>::is_linked());
  EXPECT_EQ(list.pop_front(), &b);
  EXPECT_EQ(list.pop_front(), &c);
  EXPECT_TRUE(list.empty());
}

TEST(IntrusiveList, AnElementLeavesFromAnyPlaceAndMayComeBack) {
  std::deque<item> items;
  age_list list;
  for (int i = 0; i < 5; ++i) {
    list.push_back(items.emplace_back(i));
  }
  for (const int i : {2, 0, 4}) {
    items[static_cast<std::size_t>(i)].list_hook<by_age>::unlink();
  }
  EXPECT_EQ(numbers(list), (ints{1, 3}));
  items[2].list_hook<by_age>::unlink();  // again: nothing happens
  list.push_back(items[2]);
  EXPECT_EQ(numbers(list), (ints{1, 3, 2}));
}

TEST(IntrusiveList, ADyingElementUnlinksItself) {
  age_list list;
  item stays(1);
  list.push_back(stays);
  {
    item dies(2);
    list.push_back(dies);
    EXPECT_EQ(numbers(list), (ints{1, 2}));
  }
  EXPECT_EQ(numbers(list), (ints{1}));
}

TEST(IntrusiveList, ADyingListUnlinksItsElements) {
  item a(1);
  {
    age_list list;
    list.push_back(a);
    EXPECT_TRUE(a.list_hook<by_age>::is_linked());
  }
  EXPECT_FALSE(a.list_hook<by_age>::is_linked());
}

TEST(IntrusiveList, OneObjectMayBeInTwoLists) {
  item a(1);
  item b(2);
  age_list ages;
  size_list sizes;
  ages.push_back(a);
  ages.push_back(b);
  sizes.push_back(b);
  sizes.push_back(a);
  EXPECT_EQ(ages.pop_front(), &a);
  EXPECT_EQ(numbers(sizes), (ints{2, 1}));
  EXPECT_EQ(numbers(ages), (ints{2}));
}

TEST(IntrusiveList, SplicesToEitherEndInOrder) {
  std::deque<item> items;
  age_list first;
  age_list second;
  for (int i = 0; i < 3; ++i) {
    first.push_back(items.emplace_back(i));
  }
  for (int i = 3; i < 6; ++i) {
    second.push_back(items.emplace_back(i));
  }
  first.splice_back(second);
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(numbers(first), (ints{0, 1, 2, 3, 4, 5}));
  first.splice_back(second);  // nothing to move
  EXPECT_EQ(numbers(first), (ints{0, 1, 2, 3, 4, 5}));

  item before(9);
  second.push_back(before);
  first.splice_front(second);
  EXPECT_TRUE(second.empty());
  EXPECT_EQ(numbers(first), (ints{9, 0, 1, 2, 3, 4, 5}));
  second.splice_front(first);  // into an empty list
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(numbers(second), (ints{9, 0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(second.pop_front(), &before);
}

TEST(IntrusiveList, ForEachMayUnlinkOrDestroyTheElementItIsGiven) {
  age_list list;
  std::vector<std::unique_ptr<item>> items;
  for (int i = 0; i < 4; ++i) {
    items.push_back(std::make_unique<item>(i));
    list.push_back(*items.back());
  }
  list.for_each([&](item& each) {
    if (each.number % 2 == 0) {
      items[static_cast<std::size_t>(each.number)].reset();
    }
  });
  EXPECT_EQ(numbers(list), (ints{1, 3}));
}

}  // namespace
}  // namespace spawn
