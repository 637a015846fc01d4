// Batches: atomic groups, pipelined chains, sizes.
#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/store_client.hpp"

namespace contract {

namespace {

std::string key(std::string_view prefix, std::size_t i) {
  return std::string(prefix) + "/" + std::to_string(i);
}

std::uint64_t revision_of(store_client& s, const std::string& k) {
  return s.one(load(k)).record.revision;
}

// Groups of 1..5 new keys, the loser at every place.
void all_or_none(const target& t) {
  store_client s(t);
  s.expect(save("taken", 0, 0, 1), SPAWN_OK);
  std::uint64_t group = 1;
  for (std::size_t size = 1; size <= 5; ++size) {
    for (std::size_t loser = 0; loser <= size; ++loser) {  // size: nobody loses
      std::vector<request> batch;
      const std::string prefix = key("g" + std::to_string(size), loser);
      for (std::size_t i = 0; i < size; ++i) {
        batch.push_back(
            in_group(save(i == loser ? std::string("taken") : key(prefix, i), 0, 0, 7), group));
      }
      ++group;
      const auto answers = s.run(batch);
      for (std::size_t i = 0; i < size; ++i) {
        const int expected = loser == size ? int{SPAWN_OK}
                             : i == loser  ? int{SPAWN_E_CONFLICT}
                                           : int{SPAWN_E_ABORTED};
        require_equal(answers[i].status, expected,
                      "group of " + std::to_string(size) + ", loser " + std::to_string(loser) +
                          ", op " + std::to_string(i));
        if (i == loser) {
          require(answers[i].out_revision == 1 && answers[i].out_writer == 1,
                  "the loser does not say what is stored");
        } else {
          require_equal(revision_of(s, key(prefix, i)), std::uint64_t{loser == size ? 1u : 0u},
                        "revision after the group");
        }
      }
    }
  }
  s.verify_host();
}

void a_losing_group_leaves_the_rest_of_the_batch_alone(const target& t) {
  store_client s(t);
  s.expect(save("taken", 0, 0, 1), SPAWN_OK);
  const auto answers = s.run({
      save("solo/1", 0, 0, 7),
      in_group(save("a/1", 0, 0, 7), 11),
      in_group(save("a/2", 0, 0, 7), 11),
      in_group(save("b/1", 0, 0, 7), 12),
      in_group(save("taken", 0, 0, 7), 12),
      in_group(save("b/2", 0, 0, 7), 12),
      save("taken", 5, 5, 7),
      in_group(save("c/1", 0, 0, 7), 13),
      in_group(save("a/1", 1, 7, 8), 13),
      save("solo/2", 0, 0, 7),
  });
  const std::vector<int> expected = {
      SPAWN_OK,        SPAWN_OK,         SPAWN_OK, SPAWN_E_ABORTED, SPAWN_E_CONFLICT,
      SPAWN_E_ABORTED, SPAWN_E_CONFLICT, SPAWN_OK, SPAWN_OK,        SPAWN_OK};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    require_equal(answers[i].status, expected[i], "op " + std::to_string(i));
  }
  require(revision_of(s, "b/1") == 0 && revision_of(s, "b/2") == 0, "the lost group left a trace");
  require(revision_of(s, "a/1") == 2 && revision_of(s, "c/1") == 1 && revision_of(s, "solo/2") == 1,
          "an innocent op of the batch is missing");
}

// A message: the receiver's record and the consumed row stand or fall together.
void single_saves_win_and_lose_side_by_side(const target& t) {
  store_client s(t);
  for (const char* key : {"k1", "k2", "k3", "k5"}) {
    s.expect(save(key, 0, 0, 7, "old"), SPAWN_OK);
  }
  s.expect(remove("k5", 1, 7, 8), SPAWN_OK);
  const auto answers =
      s.run({save("k6", 0, 0, 9, "new"), save("k2", 0, 0, 9, "new"), save("k1", 1, 7, 9, "new"),
             save("k3", 1, 8, 9, "new"), save("k4", 1, 7, 9, "new"), save("k5", 2, 8, 9, "new")});
  const std::vector<spawn_status> expected{SPAWN_OK,         SPAWN_E_CONFLICT, SPAWN_OK,
                                           SPAWN_E_CONFLICT, SPAWN_E_CONFLICT, SPAWN_OK};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const std::string which = "save " + std::to_string(i);
    require_equal(int{answers[i].status}, int{expected[i]}, which);
    if (expected[i] == SPAWN_E_CONFLICT) {
      const bool absent = i == 4;
      require_equal(answers[i].out_revision, std::uint64_t{absent ? 0u : 1u}, which + ": revision");
      require_equal(answers[i].out_writer, std::uint64_t{absent ? 0u : 7u}, which + ": writer");
    }
  }
  for (const char* key : {"k1", "k5", "k6"}) {
    require_equal(s.one(load(key)).record.payload.value_or("-"), std::string("new"), key);
  }
  for (const char* key : {"k2", "k3"}) {
    require_equal(s.one(load(key)).record.payload.value_or("-"), std::string("old"), key);
  }
  s.expect(load("k4"), SPAWN_E_NOT_FOUND);
  s.verify_host();
}

void consume_a_row_once(const target& t) {
  store_client s(t);
  s.expect(save("rec", 0, 0, 7), SPAWN_OK);
  s.expect(save("m/row", 0, 0, 3), SPAWN_OK);
  const std::vector<request> consume = {
      in_group(save("rec", 1, 7, 7), 1),
      in_group(remove("m/row", 1, 3, 3, SPAWN_SS_F_NO_TOMBSTONE), 1)};
  auto first = s.run(consume);
  require(first[0].status == SPAWN_OK && first[1].status == SPAWN_OK,
          "the first consumption failed");
  auto again = s.run({in_group(save("rec", 2, 7, 7), 2),
                      in_group(remove("m/row", 1, 3, 3, SPAWN_SS_F_NO_TOMBSTONE), 2)});
  require(again[0].status == SPAWN_E_ABORTED && again[1].status == SPAWN_E_CONFLICT,
          "a row was consumed twice");
  require_equal(revision_of(s, "rec"), std::uint64_t{2}, "revision of the receiver");
  const auto repeated = s.run(consume);
  require(repeated[0].status == SPAWN_E_CONFLICT && repeated[0].out_revision == 2 &&
              repeated[0].out_writer == 7 && repeated[1].status == SPAWN_E_ABORTED,
          "the repeated group does not meet its own save");
}

void checks_guard_a_group(const target& t) {
  store_client s(t);
  s.expect(save("rec", 0, 0, 7), SPAWN_OK);
  s.expect(save("m/row", 0, 0, 3), SPAWN_OK);
  auto stale = s.run({in_group(verify("rec", 1, 8), 1),
                      in_group(remove("m/row", 1, 3, 3, SPAWN_SS_F_NO_TOMBSTONE), 1)});
  require(stale[0].status == SPAWN_E_CONFLICT && stale[0].out_writer == 7 &&
              stale[1].status == SPAWN_E_ABORTED,
          "a check that fails does not stop its group");
  auto fresh = s.run({in_group(verify("rec", 1, 7), 2), in_group(verify("none", 0, 0), 2),
                      in_group(remove("m/row", 1, 3, 3, SPAWN_SS_F_NO_TOMBSTONE), 2)});
  for (const answer& a : fresh) {
    require_equal(a.status, int{SPAWN_OK}, "group with checks that hold");
  }
  require_equal(revision_of(s, "rec"), std::uint64_t{1}, "a check writes nothing");
}

// Two lanes, each of which makes a key if the other's is not there: one of them wins.
void a_checked_absence_holds_until_the_commit(const target& t) {
  constexpr int rounds = 30;
  const std::uint32_t lanes = t.one_lane ? 1 : 2;
  store_client s(t, lanes);
  for (int round = 0; round < rounds; ++round) {
    const std::string mine[] = {key("x", static_cast<std::size_t>(round)),
                                key("y", static_cast<std::size_t>(round))};
    std::vector<answer> got[2];
    std::atomic<int> ready{0};
    const auto make = [&](std::uint32_t i) {
      const std::vector<request> group = {in_group(verify(mine[1 - i], 0, 0), i + 1),
                                          in_group(save(mine[i], 0, 0, 7), i + 1)};
      ++ready;
      while (lanes > 1 && ready < 2) {
        std::this_thread::yield();
      }
      got[i] = s.run(group, i % lanes);
    };
    if (lanes > 1) {
      std::thread beside(make, 1);
      make(0);
      beside.join();
    } else {
      make(0);
      make(1);
    }
    const int made = (got[0][1].status == SPAWN_OK) + (got[1][1].status == SPAWN_OK);
    require_equal(made, 1, "groups that found the other's key absent");
    require_equal(revision_of(s, mine[0]) + revision_of(s, mine[1]), std::uint64_t{1}, "keys made");
  }
  s.verify_host();
}

void one_key_twice_in_a_group(const target& t) {
  store_client s(t);
  auto ok = s.run({in_group(save("k", 0, 0, 7, "1"), 1), in_group(save("k", 1, 7, 7, "2"), 1)});
  require(ok[0].status == SPAWN_OK && ok[1].status == SPAWN_OK, "a chain in a group");
  auto bad = s.run({in_group(save("k", 2, 7, 7, "3"), 2), in_group(save("k", 3, 7, 7, "4"), 2),
                    in_group(save("k", 9, 7, 7, "5"), 2)});
  require(bad[0].status == SPAWN_E_ABORTED && bad[2].status == SPAWN_E_CONFLICT,
          "the chain's loser");
  const answer a = s.one(load("k"));
  require(a.record.revision == 2 && a.record.payload == "2", "a lost chain is half there");
}

void an_invalid_op_loses_its_group(const target& t) {
  store_client s(t);
  request wrong = save("w", 0, 0, 7);
  wrong.new_revision = 5;
  auto a = s.run({in_group(save("k", 0, 0, 7), 1), in_group(wrong, 1), save("solo", 0, 0, 7)});
  require(
      a[0].status == SPAWN_E_ABORTED && a[1].status == SPAWN_E_INVALID && a[2].status == SPAWN_OK,
      "an invalid op must take its group and nothing else with it");
  require_equal(revision_of(s, "k"), std::uint64_t{0}, "revision");
}

void a_pipeline_stops_at_its_loser(const target& t) {
  store_client s(t);
  s.expect(save("k", 0, 0, 7), SPAWN_OK);
  const auto a = s.run({save("k", 1, 7, 7, "2"), save("k", 2, 8, 7, "lost"),
                        save("k", 3, 7, 7, "4"), load("k"), save("k", 2, 7, 9, "3")});
  require(a[0].status == SPAWN_OK && a[1].status == SPAWN_E_CONFLICT &&
              a[2].status == SPAWN_E_CONFLICT && a[4].status == SPAWN_OK,
          "a chain with a loser in the middle");
  require(a[3].record.revision == 2 && a[3].record.payload == "2",
          "a load in the batch sees what stands before it");
  require_equal(s.one(load("k")).record.writer, std::uint64_t{9}, "writer");
}

void batches_of_every_size(const target& t) {
  store_client s(t);
  for (const std::size_t n : {1u, 64u, 1024u}) {
    std::vector<request> batch;
    for (std::size_t i = 0; i < n; ++i) {
      batch.push_back(save(key("n" + std::to_string(n), i), 0, 0, i + 1));
    }
    for (const answer& a : s.run(batch)) {
      require_equal(a.status, int{SPAWN_OK}, "save in a batch of " + std::to_string(n));
    }
    std::vector<request> reads;
    for (const request& r : batch) {
      reads.push_back(load(r.key));
    }
    const auto got = s.run(reads);
    for (std::size_t i = 0; i < n; ++i) {
      require_equal(got[i].record.writer, std::uint64_t{i + 1}, "writer");
    }
  }
  require(s.run({}).empty(), "an empty batch");
  s.verify_host();
}

}  // namespace

void add_group_checks(std::vector<check>& out) {
  out.push_back({"batch.all_or_none", all_or_none,
                 "a group is applied as a whole or not at all, whoever loses"});
  out.push_back({"batch.a_losing_group_leaves_the_rest_of_the_batch_alone",
                 a_losing_group_leaves_the_rest_of_the_batch_alone,
                 "a lost group costs no other op of its submit"});
  out.push_back({"batch.single_saves_win_and_lose_side_by_side",
                 single_saves_win_and_lose_side_by_side,
                 "saves without a group stand and fall alone"});
  out.push_back({"batch.consume_a_row_once", consume_a_row_once,
                 "a row that is consumed with a save is consumed once"});
  out.push_back({"batch.checks_guard_a_group", checks_guard_a_group,
                 "a CHECK that fails stops its group and writes nothing itself"});
  out.push_back({"batch.a_checked_absence_holds_until_the_commit",
                 a_checked_absence_holds_until_the_commit,
                 "what a CHECK found absent stays absent until its group commits"});
  out.push_back({"batch.one_key_twice_in_a_group", one_key_twice_in_a_group,
                 "a group may write one key twice, in order"});
  out.push_back({"batch.an_invalid_op_loses_its_group", an_invalid_op_loses_its_group,
                 "an invalid op costs its group and nothing else"});
  out.push_back({"batch.a_pipeline_stops_at_its_loser", a_pipeline_stops_at_its_loser,
                 "ops on one key keep their order, also past one that loses"});
  out.push_back({"batch.batches_of_every_size", batches_of_every_size,
                 "submits of 1, 64 and 1,024 ops are done"});
}

}  // namespace contract
