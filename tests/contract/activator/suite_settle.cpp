// The verdicts.
#include "contract/activator/activator_suite.hpp"
#include "contract/activator/bench.hpp"

namespace contract {
namespace {

// The next deliveries until one with that mark comes; the others are acknowledged.
seen take_again(bench& b, source_client& client, const std::string& mark) {
  for (;;) {
    const seen one = client.take_one();
    if (b.mark(one) == mark) {
      return one;
    }
    client.settle(one, SPAWN_ACK);
  }
}

void a_retry_comes_again(bench& b) {
  auto client = b.client(1);
  (void)b.publish("a", 3);
  seen one = client->take_one();
  const std::string mark = b.mark(one);
  const std::string id = one.dedup_id;
  const bool counted = (client->capabilities() & SPAWN_AC_CAP_ATTEMPTS) != 0;
  if (counted) {
    require_equal(std::uint64_t{one.attempt}, std::uint64_t{1}, "attempt of the first delivery");
  }
  for (std::uint32_t attempt = 2; attempt <= 3; ++attempt) {
    client->settle(one, SPAWN_RETRY);
    one = take_again(b, *client, mark);
    require(!b.source.traits().same_id || one.dedup_id == id,
            "the dedup_id of a retry is another one");
    require(!counted || one.attempt == attempt,
            "attempt " + std::to_string(one.attempt) + ", expected " + std::to_string(attempt));
  }
  client->settle(one, SPAWN_ACK);
  client->set_window(10);
  client->settle(client->take_rest(), SPAWN_ACK);
  client->stays_quiet("when all are acknowledged");
  b.wait_empty();
}

void a_delayed_retry_comes_not_before(bench& b) {
  auto client = b.client(1);
  needs((client->capabilities() & SPAWN_AC_CAP_RETRY_DELAY) != 0, "retries have no delay");
  constexpr std::uint32_t delay_ms = 2'000;
  const auto sent = b.publish("a", 1);
  const seen one = client->take_one();
  const std::uint64_t from_ns = client->host().clock.now_ns();
  client->settle(one, SPAWN_RETRY, delay_ms);
  b.source.pass(std::chrono::milliseconds(delay_ms));
  const seen again = client->take_one();
  require_equal(b.mark(again), sent[0].body, "what comes after the delay");
  // Clocks of two machines, and whole milliseconds: a tenth is theirs.
  require(again.came_ns - from_ns >= std::uint64_t{delay_ms} * 900'000, "it came too early");
  client->settle(again, SPAWN_ACK);
}

void a_release_comes_again(bench& b) {
  auto client = b.client(4);
  const auto sent = b.publish("a", 4);
  const auto first = client->take(4);
  client->settle(first, SPAWN_RELEASE);
  const auto again = client->take(4);
  require_same(b.marks(again), bodies(sent), "what was released");
  client->settle(again, SPAWN_ACK);
  client->stays_quiet("when all are acknowledged");
  b.wait_empty();
}

void a_dead_one_never_comes_again(bench& b) {
  std::multiset<std::string> dead;
  {
    auto client = b.client(10);
    const auto sent = b.publish("a", 10);
    const auto all = client->take(10);
    const bool kept = (client->capabilities() & SPAWN_AC_CAP_DEAD_LETTER) != 0;
    require(!kept || b.source.dead_letters().has_value() || !b.source.traits().bodies,
            "it announces dead letters, and its driver can not look at them");
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i % 3 == 0) {
        client->settle(all[i], SPAWN_DEAD);
        dead.insert(b.mark(all[i]));
      } else {
        client->settle(all[i], SPAWN_ACK);
      }
    }
    client->stays_quiet("after the last verdict");
    b.wait_dead(kept ? dead : std::multiset<std::string>());
    b.wait_empty();
  }
  auto next = b.client(10);
  next->stays_quiet("at the next instance");
}

void an_extended_one_stays_out(bench& b) {
  auto client = b.client(1);
  needs((client->capabilities() & SPAWN_AC_CAP_EXTEND) != 0, "a delivery is not held for a time");
  (void)b.publish("a", 1);
  const seen one = client->take_one();
  require(one.settle_by_ns > one.came_ns, "settle_by_ns is not in the future");
  const auto held = std::chrono::milliseconds((one.settle_by_ns - one.came_ns) / 1'000'000);
  client->set_window(5);
  // Past the first limit, in steps that are well within each extension.
  for (int i = 0; i < 6; ++i) {
    client->settle(one, SPAWN_EXTEND, static_cast<std::uint32_t>(held.count()));
    b.source.pass(held / 4);
    require_equal(client->untaken(), std::size_t{0}, "deliveries while it is extended");
  }
  client->settle(one, SPAWN_ACK);
  b.source.pass(held);
  client->stays_quiet("after it was extended and acknowledged");
  b.wait_empty();
}

void strange_tokens_are_ignored(bench& b) {
  auto client = b.client(10);
  client->settle_raw(std::uint64_t{1} << 63, SPAWN_ACK);
  client->settle_raw(987'654'321, SPAWN_RETRY);
  (void)b.publish("a", 4);
  const auto all = client->take(4);
  for (const seen& one : all) {
    client->settle(one, SPAWN_ACK);
    client->settle_raw(one.token, SPAWN_RETRY);
    client->settle_raw(one.token, SPAWN_DEAD);
    client->settle_raw(one.token, SPAWN_ACK);
    client->settle_raw(one.token, SPAWN_EXTEND, 1'000);
  }
  client->stays_quiet("after a second verdict");
  b.wait_empty();
  b.wait_dead({});
  const auto more = b.publish("b", 2);
  const auto next = client->take(2);
  require_same(b.marks(next), bodies(more), "after strange tokens");
  client->settle(next, SPAWN_ACK);
}

}  // namespace

std::vector<bench_check> settle_checks() {
  return {
      {"settle.a_retry_comes_again", a_retry_comes_again,
       "RETRY brings the message again, as a further attempt"},
      {"settle.a_delayed_retry_comes_not_before", a_delayed_retry_comes_not_before,
       "RETRY with a delay comes not before it"},
      {"settle.a_release_comes_again", a_release_comes_again, "RELEASE brings the message again"},
      {"settle.a_dead_one_never_comes_again", a_dead_one_never_comes_again,
       "DEAD ends a message, in the dead letters where there are some"},
      {"settle.an_extended_one_stays_out", an_extended_one_stays_out,
       "EXTEND keeps a message from coming again"},
      {"settle.strange_tokens_are_ignored", strange_tokens_are_ignored,
       "verdicts on tokens it does not know do nothing"},
  };
}

}  // namespace contract
