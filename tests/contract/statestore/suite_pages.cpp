// LIST and HISTORY.
#include <algorithm>
#include <chrono>
#include <string>

#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/store_client.hpp"

namespace contract {

namespace {

using namespace std::chrono_literals;

std::vector<std::string> keys_of(const answer& a) {
  std::vector<std::string> out;
  for (const stored& row : a.rows) {
    out.push_back(row.key);
  }
  return out;
}

// Pages until the last one; `between` runs after each page.
template <class F>
std::vector<std::string> walk(store_client& s, request r, F between) {
  std::vector<std::string> out;
  for (int page = 0; page < 1'000; ++page) {
    const answer a = s.expect(r, SPAWN_OK);
    require(r.limit == 0 || a.rows.size() <= r.limit, "a page is longer than its limit");
    const auto keys = keys_of(a);
    out.insert(out.end(), keys.begin(), keys.end());
    if (a.cursor.empty()) {
      return out;
    }
    require(!a.rows.empty(), "a page without rows has a cursor");
    r.cursor = a.cursor;
    between(page);
  }
  throw failed{"the pages do not end"};
}

void bytewise_and_half_open(const target& t) {
  store_client s(t);
  std::vector<std::string> keys = {"a",
                                   "a/b",
                                   "a/b/c",
                                   "a0",
                                   "B",
                                   "\xc3\xa4",
                                   std::string("a\0b", 3),
                                   "\xff",
                                   std::string(1, '\0')};
  for (const std::string& k : keys) {
    s.expect(save(k, 0, 0, 7, "of " + k), SPAWN_OK);
  }
  std::sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
      return static_cast<unsigned char>(x) < static_cast<unsigned char>(y);
    });
  });
  require(keys_of(s.one(list("", ""))) == keys, "all keys, bytewise ascending");
  auto backwards = keys;
  std::reverse(backwards.begin(), backwards.end());
  require(keys_of(s.one(list("", "", 0, true))) == backwards, "all keys, descending");
  require(keys_of(s.one(list("a/", "a0"))) == std::vector<std::string>{"a/b", "a/b/c"},
          "from is in, to is not");
  require(keys_of(s.one(list("a/b", "a/b"))).empty(), "an empty range");
  require(keys_of(s.one(list("b", "a"))).empty(), "a range the wrong way round");
  const answer full = s.one(list("a/b", "a/b/c"));
  require(full.rows.size() == 1 && full.rows[0].payload == "of a/b" && full.rows[0].revision == 1 &&
              full.rows[0].meta == "m",
          "a row carries its record");
  request bare = list("a/b", "a/b/c");
  bare.with_payload = false;
  require(!s.one(bare).rows[0].payload.has_value(), "with_payload 0 gave a payload");
  s.verify_host();
}

void pages_survive_inserts(const target& t) {
  store_client s(t);
  std::vector<std::string> first;
  for (int i = 0; i < 100; ++i) {
    first.push_back("k/" + std::to_string(1000 + i * 2));
    s.expect(save(first.back(), 0, 0, 7), SPAWN_OK);
  }
  s.expect(save("l", 0, 0, 7), SPAWN_OK);
  for (const bool reverse : {false, true}) {
    for (const std::uint32_t limit : {1u, 7u, 100u, 101u}) {
      const int salt = static_cast<int>(limit) * 2 + (reverse ? 1 : 0);
      auto seen = walk(s, list("k/", "k0", limit, reverse), [&](int page) {
        if (page >= 20) {
          return;  // or a page of one row would never catch up
        }
        // In front of and behind the cursor, never an old key.
        for (const char* side : {"k/0", "k/9"}) {
          s.expect(save(side + std::to_string(salt * 1000 + page), 0, 0, 7), SPAWN_OK);
        }
      });
      auto sorted = seen;
      std::sort(sorted.begin(), sorted.end());
      require(std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end(), "a key came twice");
      require(std::includes(sorted.begin(), sorted.end(), first.begin(), first.end()),
              "a key that was there all the time is missing");
      if (reverse) {
        std::reverse(seen.begin(), seen.end());
      }
      require(seen == sorted, "the pages are not in order");
    }
  }
}

void only_the_living_are_listed(const target& t) {
  store_client s(t);
  for (const char* k : {"k/1", "k/2", "k/3", "k/4"}) {
    s.expect(save(k, 0, 0, 7), SPAWN_OK);
  }
  s.expect(remove("k/1", 1, 7, 7), SPAWN_OK);
  s.expect(remove("k/3", 1, 7, 7, SPAWN_SS_F_NO_TOMBSTONE), SPAWN_OK);
  const answer a = s.expect(list("k/", "k0", 1), SPAWN_OK);
  require(keys_of(a) == std::vector<std::string>{"k/2"} && !a.cursor.empty(), "the first page");
  request next = list("k/", "k0", 1);
  next.cursor = a.cursor;
  const answer b = s.expect(next, SPAWN_OK);
  require(keys_of(b) == std::vector<std::string>{"k/4"} && b.cursor.empty(),
          "the last page says that it is the last");
}

std::vector<std::uint64_t> revisions_of(const answer& a) {
  std::vector<std::uint64_t> out;
  for (const stored& row : a.rows) {
    out.push_back(row.revision);
  }
  return out;
}

using revisions = std::vector<std::uint64_t>;

request keeping(request r, std::uint32_t n, std::uint64_t ms = 0) {
  r.keep_history = n;
  r.keep_history_ms = ms;
  return r;
}

void history_by_count(const target& t) {
  store_client s(t);
  needs(s, SPAWN_SS_CAP_HISTORY, "no CAP_HISTORY");
  for (std::uint64_t r = 0; r < 6; ++r) {
    s.expect(keeping(save("k", r, r == 0 ? 0 : 6 + r, 7 + r, "v" + std::to_string(r + 1)), 3),
             SPAWN_OK);
  }
  require(revisions_of(s.one(history("k"))) == revisions{3, 4, 5, 6}, "head and three before it");
  require(revisions_of(s.one(history("k", 0, true))) == revisions{6, 5, 4, 3}, "newest first");
  request some = history("k");
  some.from_revision = 4;
  some.to_revision = 5;
  require(revisions_of(s.one(some)) == revisions{4, 5}, "both bounds are inclusive");
  const answer old = s.expect(load("k", 4), SPAWN_OK);
  require(old.record.payload == "v4" && old.record.writer == 10, "an old revision");
  s.expect(load("k", 6), SPAWN_OK);
  s.expect(load("k", 2), SPAWN_E_NOT_FOUND);
  s.expect(load("k", 7), SPAWN_E_NOT_FOUND);
  request page = history("k", 3);
  const answer first = s.one(page);
  page.cursor = first.cursor;
  require(revisions_of(first) == revisions{3, 4, 5} && revisions_of(s.one(page)) == revisions{6},
          "pages of history");
  s.expect(rewrite("k", 4, 10, "resealed", "m4"), SPAWN_OK);
  require(s.one(load("k", 4)).record.payload == "resealed", "a rewrite reaches history");
  s.expect(rewrite("k", 4, 11, "resealed", "m4"), SPAWN_E_CONFLICT);
  s.verify_host();
}

void history_by_age(const target& t) {
  store_client s(t);
  needs(s, SPAWN_SS_CAP_HISTORY, "no CAP_HISTORY");
  s.expect(keeping(save("k", 0, 0, 7), 100, 60'000), SPAWN_OK);
  s.host.clock.advance(std::chrono::hours(1));
  s.expect(keeping(save("k", 1, 7, 7), 100, 60'000), SPAWN_OK);
  require(revisions_of(s.one(history("k"))) == revisions{1, 2}, "age counts from being superseded");
  s.host.clock.advance(30s);
  s.expect(keeping(save("k", 2, 7, 7), 100, 60'000), SPAWN_OK);
  s.host.clock.advance(30s);
  s.expect(keeping(save("k", 3, 7, 7), 100, 60'000), SPAWN_OK);
  require(revisions_of(s.one(history("k"))) == revisions{2, 3, 4}, "the first ran out");
}

void history_and_delete(const target& t) {
  store_client s(t);
  needs(s, SPAWN_SS_CAP_HISTORY, "no CAP_HISTORY");
  s.expect(keeping(save("k", 0, 0, 7, "v1"), 5), SPAWN_OK);
  s.expect(keeping(remove("k", 1, 7, 7), 5), SPAWN_OK);
  require(s.expect(load("k", 1), SPAWN_OK).record.payload == "v1",
          "what was deleted is in history");
  s.expect(load("k", 2), SPAWN_E_NOT_FOUND);
  require(revisions_of(s.one(history("k"))) == revisions{1}, "a tombstone is not history");
  s.expect(keeping(save("k", 2, 7, 7, "v3"), 5), SPAWN_OK);
  require(revisions_of(s.one(history("k"))) == revisions{1, 3}, "nor is it after a new start");
  s.expect(remove("k", 3, 7, 7, SPAWN_SS_F_ERASE), SPAWN_OK);
  require(s.one(history("k")).rows.empty(), "erase takes the history");
  s.expect(load("k", 1), SPAWN_E_NOT_FOUND);
}

}  // namespace

void add_page_checks(std::vector<check>& out) {
  out.push_back({"page.bytewise_and_half_open", bytewise_and_half_open,
                 "LIST is ascending by bytes, with `from` and without `to`"});
  out.push_back({"page.pages_survive_inserts", pages_survive_inserts,
                 "pages neither miss nor repeat a key while others are written"});
  out.push_back({"page.only_the_living_are_listed", only_the_living_are_listed,
                 "LIST shows no tombstones, and says which page is the last"});
  out.push_back(
      {"history.by_count", history_by_count, "history keeps as many revisions as it is told"});
  out.push_back({"history.by_age", history_by_age,
                 "history keeps revisions as long as it is told after they were superseded"});
  out.push_back({"history.and_delete", history_and_delete,
                 "a deleted key keeps its history until it is erased"});
}

}  // namespace contract
