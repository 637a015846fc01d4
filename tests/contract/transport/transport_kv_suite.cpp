#include "contract/transport/transport_kv_suite.hpp"

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "contract/transport/kv_client.hpp"

namespace contract {

namespace {

void ok(const kv_result& r, const std::string& what) {
  require(r.status == SPAWN_OK, what + ": status " + std::to_string(r.status) + " " + r.error);
}

void is(const kv_result& r, spawn_status status, const std::string& what) {
  require_equal(r.status, status, what + (r.error.empty() ? "" : " (" + r.error + ")"));
}

void what_is_put_is_found(const target& t) {
  const std::string config = t.fresh_config();
  kv_client a(t, config), b(t, config);
  is(b.get("none"), SPAWN_E_NOT_FOUND, "a key nobody has put");
  const std::string bytes("a\0b\xff\r\n", 6);
  std::uint64_t last = 0;
  for (const std::string& key : {std::string("plain"), std::string("a.b.c"), std::string(".a..b."),
                                 std::string("gr\xc3\xbc\xc3\x9f"
                                             "e */>"),
                                 std::string("=41"), std::string("x\0y", 3)}) {
    const kv_result put = a.put(key, bytes + key);
    ok(put, "put " + key);
    require(put.revision > last, "a revision that does not grow");
    last = put.revision;
    const kv_result got = b.get(key);
    ok(got, "get " + key);
    require(got.value == bytes + key && got.revision == put.revision, "another value of " + key);
  }
  is(b.get("plain", "another"), SPAWN_E_NOT_FOUND, "the key in another bucket");
  ok(a.put("empty", ""), "put of nothing");
  ok(b.get("empty"), "get of nothing");
  const std::string big(200'000, 'x');
  ok(a.put("big", big), "put of 200 kB");
  require(b.get("big").value == big, "200 kB are changed");
  is(a.get(""), SPAWN_E_INVALID, "an empty key");
  is(a.get("x", "no bucket"), SPAWN_E_INVALID, "a name of a bucket");
  a.verify();
  b.verify();
}

void revisions_are_compared(const target& t) {
  kv_client a(t, t.fresh_config());
  const kv_result first = a.put("k", "1", 0);
  ok(first, "put of what is absent");
  is(a.put("k", "2", 0), SPAWN_E_CONFLICT, "put of what is there");
  is(a.put("k", "2", first.revision + 100), SPAWN_E_CONFLICT, "put with another revision");
  const kv_result second = a.put("k", "2", first.revision);
  ok(second, "put with the revision");
  is(a.put("k", "3", first.revision), SPAWN_E_CONFLICT, "put with an old revision");
  require_equal(a.get("k").value, std::string("2"), "the value after conflicts");
  is(a.erase("k", first.revision), SPAWN_E_CONFLICT, "delete with an old revision");
  ok(a.erase("k", second.revision), "delete with the revision");
  is(a.get("k"), SPAWN_E_NOT_FOUND, "what was deleted");
  const kv_result again = a.put("k", "4", 0);
  ok(again, "put of what was deleted");
  require(again.revision > second.revision, "revisions grow over a delete");
  ok(a.put("k", "5"), "put with any revision");
  ok(a.erase("k"), "delete with any revision");
  ok(a.erase("never"), "delete of what was never there");
  a.verify();
}

void of_many_one_wins(const target& t) {
  const std::string config = t.fresh_config();
  constexpr int n = 8;
  std::vector<std::unique_ptr<kv_client>> all;
  for (int i = 0; i < n; ++i) {
    all.push_back(std::make_unique<kv_client>(t, config));
  }
  for (int round = 0; round < 10; ++round) {
    const std::string key = "lease" + std::to_string(round);
    std::atomic<int> won{0}, lost{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < n; ++i) {
      threads.emplace_back([&, i] {
        const auto r = all[static_cast<std::size_t>(i)]->put(key, std::to_string(i), 0, 10'000);
        won += r.status == SPAWN_OK ? 1 : 0;
        lost += r.status == SPAWN_E_CONFLICT ? 1 : 0;
      });
    }
    for (std::thread& one : threads) {
      one.join();
    }
    require_equal(won.load(), 1, "winners");
    require_equal(lost.load(), n - 1, "losers");
  }
}

void a_watch_tells_what_is_there_and_what_changes(const target& t) {
  const std::string config = t.fresh_config();
  kv_client a(t, config), b(t, config);
  ok(a.put("one", "1"), "put");
  ok(a.put("two", "2"), "put");
  ok(a.put("gone", "x"), "put");
  ok(a.erase("gone"), "delete");
  ok(b.watch(7), "watch");
  require_equal(b.untaken(), std::size_t{2}, "initial values when WATCH ended");
  const auto first = b.events(2);
  require(first[0].key == "one" && first[1].key == "two" && first[1].value == "2" &&
              first[1].watch_id == 7 && !first[1].deleted,
          "the initial values are others");
  ok(b.watch(8, "two"), "watch of one key");
  require_equal(b.events(1).front().watch_id, std::uint64_t{8}, "the initial value of one key");
  const kv_result put = a.put("three", "3");
  const auto three = b.events(1).front();
  require(three.key == "three" && three.value == "3" && three.revision == put.revision,
          "another change is told");
  ok(a.erase("one"), "delete");
  const auto gone = b.events(1).front();
  require(gone.key == "one" && gone.deleted, "a deletion is not told");
  ok(a.put("two", "22"), "put");
  require_equal(b.events(2).size(), std::size_t{2}, "told to both watches");
  ok(b.unwatch(7), "unwatch");
  is(b.unwatch(7), SPAWN_E_NOT_FOUND, "unwatch twice");
  ok(a.put("three", "33"), "put");
  ok(a.put("two", "222"), "put");
  const auto last = b.events(1);
  require(last.size() == 1 && last[0].watch_id == 8, "a watch speaks after it was ended");
  a.verify();
  b.verify();
}

// A key's changes come in the order of its revisions, from any number of writers; and none after
// the listener has gone.
void events_of_a_key_are_in_order_and_end_with_the_listener(const target& t) {
  const std::string config = t.fresh_config();
  kv_client a(t, config), b(t, config), watcher(t, config);
  ok(watcher.watch(1), "watch of every key");
  ok(watcher.watch(2, "k"), "watch of one key");
  constexpr int n = 50;
  std::vector<std::thread> threads;
  std::atomic<std::uint64_t> newest{0};
  for (kv_client* one : {&a, &b}) {
    threads.emplace_back([one, &newest] {
      for (int i = 0; i < n; ++i) {
        const kv_result put = one->put("k", std::to_string(i));
        ok(put, "put");
        std::uint64_t seen = newest;
        while (seen < put.revision && !newest.compare_exchange_weak(seen, put.revision)) {
        }
      }
    });
  }
  for (std::thread& one : threads) {
    one.join();
  }
  // Of changes that follow each other quickly some may be left out, but not the last one.
  std::map<std::uint64_t, std::uint64_t> last{{1, 0}, {2, 0}};
  while (last[1] < newest || last[2] < newest) {
    for (const kv_event& e : watcher.events(1)) {
      require(e.key == "k" && e.revision > last[e.watch_id], "a key's revision fell");
      last[e.watch_id] = e.revision;
    }
  }
  watcher.listen(false);
  ok(a.put("k", "unheard"), "put");
  ok(watcher.put("k", "unheard, too"), "put");
  require_equal(watcher.untaken(), std::size_t{0}, "events without a listener");
  watcher.listen(true);
  const kv_result heard = a.put("k", "heard");
  for (int told = 0; told < 2;) {  // what was on its way may come before
    for (const kv_event& e : watcher.events(1)) {
      told += e.revision == heard.revision ? 1 : 0;
    }
  }
  watcher.verify();
}

void a_watch_misses_nothing(const target& t) {
  const std::string config = t.fresh_config();
  kv_client a(t, config), b(t, config), watcher(t, config);
  ok(watcher.watch(1), "watch");
  constexpr int n = 300;
  std::thread other([&] {
    for (int i = 0; i < n; ++i) {
      (void)b.put("b" + std::to_string(i), "x");
    }
  });
  for (int i = 0; i < n; ++i) {
    (void)a.put("a" + std::to_string(i), "x");
  }
  other.join();
  std::set<std::string> keys;
  std::uint64_t last = 0;
  for (const kv_event& e : watcher.events(2 * n)) {
    require(e.revision > last, "revisions are told in another order");
    last = e.revision;
    require(keys.insert(e.key).second, e.key + " was told twice");
  }
  require_equal(keys.size(), std::size_t{2 * n}, "keys that were told");
}

void a_lease_runs_out_unless_it_is_kept_alive(const target& t) {
  const std::string config = t.fresh_config();
  kv_client holder(t, config), other(t, config);
  const auto both = [&](std::chrono::seconds by) {
    holder.clock().advance(by);
    other.clock().advance(by);
  };
  const kv_result put = holder.put("lease", "mine", 0, 10'000);
  ok(put, "put with a lease");
  ok(other.watch(1), "watch");
  require_equal(other.events(1).front().value, std::string("mine"), "the initial value");
  both(std::chrono::seconds(6));
  const kv_result kept = holder.keep_alive("lease", put.revision);
  ok(kept, "keepalive");
  require(kept.revision > put.revision, "a keepalive has a revision of its own");
  is(holder.keep_alive("lease", put.revision), SPAWN_E_CONFLICT, "keepalive of an old revision");
  const kv_result seen = other.get("lease");
  require(seen.status == SPAWN_OK && seen.value == "mine" && seen.revision == kept.revision,
          "after a keepalive it is another");
  ok(other.put("witness", "x"), "put");
  require_equal(other.events(1).front().key, std::string("witness"), "a keepalive is no change");
  both(std::chrono::seconds(6));
  ok(other.get("lease"), "get, twelve seconds after the put, six after the keepalive");
  is(other.put("lease", "theirs", 0, 10'000), SPAWN_E_CONFLICT, "put of what is held");
  both(std::chrono::seconds(5));
  is(holder.get("lease"), SPAWN_E_NOT_FOUND, "the holder, when it has run out");
  const auto gone = other.events(1).front();
  require(gone.deleted && gone.key == "lease", "the end of a lease is not told");
  is(other.get("lease"), SPAWN_E_NOT_FOUND, "another, when it has run out");
  is(holder.keep_alive("lease", kept.revision), SPAWN_E_NOT_FOUND, "keepalive, too late");
  ok(other.put("lease", "theirs", 0, 10'000), "put of what has run out");
  require_equal(holder.get("lease").value, std::string("theirs"), "the next holder's");
  holder.verify();
  other.verify();
}

// Without a watch a lease is judged from when it was first seen.
void a_lease_runs_out_for_who_only_asks(const target& t) {
  const std::string config = t.fresh_config();
  kv_client holder(t, config), other(t, config);
  ok(holder.put("lease", "mine", 0, 10'000), "put with a lease");
  other.clock().advance(std::chrono::hours(1));  // a clock of its own
  ok(other.get("lease"), "seen for the first time");
  other.clock().advance(std::chrono::seconds(9));
  is(other.put("lease", "theirs", 0), SPAWN_E_CONFLICT, "put, nine seconds later");
  other.clock().advance(std::chrono::seconds(2));
  is(other.get("lease"), SPAWN_E_NOT_FOUND, "eleven seconds after it was first seen");
  ok(other.put("lease", "theirs", 0), "put of what has run out");
}

}  // namespace

std::vector<check> transport_kv_checks() {
  return {
      {"kv.what_is_put_is_found", what_is_put_is_found, "GET finds what PUT left, until DELETE"},
      {"kv.revisions_are_compared", revisions_are_compared,
       "PUT and DELETE are a compare-and-set on the revision"},
      {"kv.of_many_one_wins", of_many_one_wins, "of many that put at the same time one wins"},
      {"kv.a_watch_tells_what_is_there_and_what_changes",
       a_watch_tells_what_is_there_and_what_changes,
       "a watch begins with what is there and goes on with what changes"},
      {"kv.a_watch_misses_nothing", a_watch_misses_nothing,
       "a watch tells every change of a busy key, in order"},
      {"kv.events_of_a_key_are_in_order_and_end_with_the_listener",
       events_of_a_key_are_in_order_and_end_with_the_listener,
       "events of a key come in the order of its revisions, and none after set_sink(NULL)"},
      {"kv.a_lease_runs_out_unless_it_is_kept_alive", a_lease_runs_out_unless_it_is_kept_alive,
       "a key is gone when its lease runs out, and stays while it is kept alive"},
      {"kv.a_lease_runs_out_for_who_only_asks", a_lease_runs_out_for_who_only_asks,
       "a lease ends for those too who only GET"},
  };
}

}  // namespace contract
