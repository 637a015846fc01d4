// Random requests: against the reference store, one after the other; and from several lanes at
// once, judged by the history they leave.
#include <atomic>
#include <chrono>
#include <random>
#include <string>
#include <thread>

#include "contract/statestore/reference_store.hpp"
#include "contract/statestore/statestore_suite.hpp"
#include "contract/statestore/store_client.hpp"

namespace contract {

namespace {

class dice {
 public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t n) { return engine_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

struct known {
  std::uint64_t revision = 0, writer = 0;
};
using beliefs = std::map<std::string, known>;

std::string random_key(dice& d, std::uint64_t n) {
  return "k/" + std::to_string(d.below(n));
}

request random_write(dice& d, const beliefs& b, std::uint64_t keys) {
  const std::string key = random_key(d, keys);
  const auto at = b.find(key);
  known k = at == b.end() ? known{} : at->second;
  if (d.one_in(8)) {
    k.revision = d.below(4);
  }
  if (d.one_in(16)) {
    k.writer = d.below(4);
  }
  request r = save(key, k.revision, k.writer, 1 + d.below(1'000'000));
  switch (d.below(12)) {
    case 0:
      r.code = SPAWN_SS_DELETE;
      break;
    case 1:
      r.code = SPAWN_SS_DELETE;
      r.flags = d.one_in(2) ? SPAWN_SS_F_NO_TOMBSTONE : SPAWN_SS_F_ERASE;
      break;
    case 2:
      r.code = SPAWN_SS_CHECK;
      break;
    case 3:
      if (k.revision != 0) {
        r.code = SPAWN_SS_REWRITE;
        r.expect_revision = k.revision - d.below(2) * (k.revision > 1 ? 1 : 0);
      }
      break;
    case 4:
      r.ttl_s = static_cast<std::uint32_t>(1 + d.below(20));
      break;
    default:
      break;
  }
  r.meta = "m" + std::to_string(d.below(1'000));
  r.keep_history = static_cast<std::uint32_t>(d.below(4));
  r.keep_history_ms = d.one_in(3) ? 1 + d.below(20'000) : 0;
  if (d.one_in(6)) {
    r.payload = std::nullopt;
  } else {
    r.payload =
        std::vector<std::string>{"p" + std::to_string(r.writer), std::string(d.below(200), 'x')};
  }
  return r;
}

request random_read(dice& d, std::uint64_t keys) {
  const bool reverse = d.one_in(2);
  switch (d.below(4)) {
    case 0:
      return list(random_key(d, keys), d.one_in(2) ? std::string() : random_key(d, keys), 0,
                  reverse);
    case 1:
      return history(random_key(d, keys), 0, reverse);
    case 2:
      return load(random_key(d, keys), 1 + d.below(6));
    default:
      return load(random_key(d, keys));
  }
}

std::vector<request> random_batch(dice& d, const beliefs& b, std::uint64_t keys, bool reads) {
  std::vector<request> batch;
  std::uint64_t group = 0;
  const std::uint64_t n = 1 + d.below(12);
  while (batch.size() < n) {
    if (reads && d.one_in(3)) {
      batch.push_back(random_read(d, keys));
      continue;
    }
    const std::uint64_t size = d.one_in(2) ? 1 : 1 + d.below(5);
    ++group;
    for (std::uint64_t i = 0; i < size; ++i) {
      batch.push_back(in_group(random_write(d, b, keys), size == 1 && d.one_in(2) ? 0 : group));
    }
  }
  return batch;
}

// What a store does not announce is not asked of it.
void leave_out(std::uint64_t capabilities, std::vector<request>& batch) {
  for (request& r : batch) {
    if ((capabilities & SPAWN_SS_CAP_TTL) == 0) {
      r.ttl_s = 0;
    }
    if ((capabilities & SPAWN_SS_CAP_HISTORY) == 0) {
      r.keep_history = 0;
      r.keep_history_ms = 0;
      if (r.code == SPAWN_SS_HISTORY) {
        r = list(r.key, "", 0, r.reverse);
      }
    }
  }
}

void learn(beliefs& b, const std::vector<request>& batch, const std::vector<answer>& answers) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const request& r = batch[i];
    const answer& a = answers[i];
    if (a.status == SPAWN_E_CONFLICT) {
      b[r.key] = {a.out_revision, a.out_writer};
    } else if (a.status == SPAWN_OK && (r.code == SPAWN_SS_SAVE || r.code == SPAWN_SS_DELETE)) {
      b[r.key] = {r.new_revision, r.writer};
    } else if (r.code == SPAWN_SS_LOAD && r.at_revision == 0) {
      b[r.key] = {a.record.revision, a.record.writer};
    }
  }
}

void equals_the_reference(const target& t) {
  dice d(t.seed);
  store_client s(t);
  reference_store model;
  beliefs b;
  for (int round = 0; round < 1'500; ++round) {
    if (d.one_in(4)) {
      s.host.clock.advance(std::chrono::milliseconds(d.below(4'000)));
    }
    auto batch = random_batch(d, b, 12, true);
    for (request& r : batch) {
      const bool revision = r.code == SPAWN_SS_SAVE || (r.code == SPAWN_SS_DELETE && r.flags == 0);
      if (r.code == SPAWN_SS_LIST && d.one_in(2)) {
        r.flags = SPAWN_SS_F_TOMBSTONES;
      } else if (revision && d.one_in(10)) {
        r.flags = SPAWN_SS_F_IMPORT;
        r.new_revision = r.expect_revision + 1 + d.below(3);
        r.written_ms = static_cast<std::int64_t>(1 + d.below(1'000'000));
      } else if (r.code == SPAWN_SS_SAVE && d.one_in(10)) {
        r.code = SPAWN_SS_PRUNE;
      }
    }
    leave_out(s.capabilities(), batch);
    const auto got = s.run(batch);
    const auto expected = model.run(batch, s.host.clock.unix_ms());
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const std::string where = "round " + std::to_string(round) + ", op " + std::to_string(i) +
                                " (code " + std::to_string(batch[i].code) + " on " + batch[i].key +
                                ")";
      require_equal(got[i].status, expected[i].status, where + " status");
      if (got[i].status == SPAWN_E_CONFLICT) {
        require_equal(got[i].out_revision, expected[i].out_revision, where + " out_revision");
        require_equal(got[i].out_writer, expected[i].out_writer, where + " out_writer");
      }
      if (batch[i].code == SPAWN_SS_LOAD) {
        require_equal(got[i].record.revision, expected[i].record.revision, where + " revision");
        require(got[i].record.meta == expected[i].record.meta, where + " meta");
        require(got[i].status != SPAWN_OK || got[i].record == expected[i].record,
                where + " record");
        require(!got[i].record.payload.has_value() || got[i].status == SPAWN_OK,
                where + " a payload without OK");
      }
      require(got[i].rows == expected[i].rows, where + " rows");
    }
    learn(b, batch, got);
  }
  s.verify_host();
}

// One op as its client saw it. Times are ticks of one counter, taken outside of the call.
struct event {
  std::uint64_t began, ended;
  request r;
  answer a;
};

class judge {
 public:
  explicit judge(const std::vector<event>& events) : events_(events) {
    for (const event& e : events) {
      if (e.a.status == SPAWN_OK && e.r.code == SPAWN_SS_SAVE) {
        const bool fresh = chain_[e.r.key].emplace(e.r.new_revision, &e).second;
        require(fresh,
                e.r.key + " revision " + std::to_string(e.r.new_revision) + " was committed twice");
      }
    }
  }

  void verdict() const {
    for (const auto& [key, chain] : chain_) {
      for (const auto& [revision, e] : chain) {
        if (revision == 1) {
          continue;
        }
        const auto before = chain.find(revision - 1);
        require(before != chain.end(), key + " has a gap before " + std::to_string(revision));
        require(before->second->r.writer == e->r.expect_writer, key + " builds on another content");
        require(before->second->began < e->ended, key + " builds on a save of the future");
      }
    }
    for (const event& e : events_) {
      if (e.r.code == SPAWN_SS_LOAD && e.a.status == SPAWN_OK) {
        seen(e, e.a.record.revision, e.a.record.writer);
      } else if (e.a.status == SPAWN_E_CONFLICT) {
        require(e.a.out_revision != e.r.expect_revision || e.a.out_writer != e.r.expect_writer,
                "a conflict with what was expected");
        seen(e, e.a.out_revision, e.a.out_writer);
      } else if (e.r.code == SPAWN_SS_LOAD) {
        seen(e, 0, 0);
      }
    }
  }

 private:
  // Somebody saw (revision, writer): it must have been written, not before it was asked for, and
  // nothing acknowledged earlier may be newer.
  void seen(const event& e, std::uint64_t revision, std::uint64_t writer) const {
    const auto chain = chain_.find(e.r.key);
    if (revision != 0) {
      require(chain != chain_.end() && chain->second.contains(revision), "a revision from nowhere");
      const event& source = *chain->second.at(revision);
      require(source.r.writer == writer, "a writer from nowhere");
      require(source.began < e.ended, "a revision of the future");
    }
    if (chain != chain_.end()) {
      const auto newer = chain->second.find(revision + 1);
      require(newer == chain->second.end() || newer->second->ended > e.began,
              e.r.key + ": a stale answer, revision " + std::to_string(revision) +
                  " after the next one was acknowledged");
    }
  }

  const std::vector<event>& events_;
  std::map<std::string, std::map<std::uint64_t, const event*>> chain_;
};

void groups_are_all_or_none(const std::vector<request>& batch, const std::vector<answer>& answers) {
  std::map<std::uint64_t, std::vector<spawn_status>> groups;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].group != 0) {
      groups[batch[i].group].push_back(answers[i].status);
    }
  }
  for (const auto& [id, statuses] : groups) {
    const auto count = [&](spawn_status s) {
      return static_cast<std::size_t>(std::count(statuses.begin(), statuses.end(), s));
    };
    require(count(SPAWN_OK) == statuses.size() ||
                (count(SPAWN_E_CONFLICT) == 1 && count(SPAWN_E_ABORTED) == statuses.size() - 1),
            "a group is neither whole nor lost");
  }
}

// Saves and loads of few keys from all lanes. Writers are unique, so content has a name.
void concurrent_histories(const target& t) {
  const std::uint32_t lanes = t.one_lane ? 1 : 4;
  store_client s(t, lanes);
  std::atomic<std::uint64_t> tick{1};
  std::atomic<std::uint64_t> writer{1};
  std::vector<std::vector<event>> logs(lanes);
  std::vector<std::string> broken(lanes);
  const auto client = [&](std::uint32_t lane) {
    dice d(t.seed * 77 + lane);
    beliefs b;
    for (int round = 0; round < 400; ++round) {
      std::vector<request> batch;
      const std::uint64_t size = 1 + d.below(5);
      const bool grouped = d.one_in(2);
      for (std::uint64_t i = 0; i < size; ++i) {
        const std::string key = random_key(d, 6);
        if (!grouped && d.one_in(3)) {
          batch.push_back(load(key));
        } else {
          batch.push_back(in_group(save(key, b[key].revision, b[key].writer, writer.fetch_add(1)),
                                   grouped ? 1 : 0));
        }
      }
      const std::uint64_t began = tick.fetch_add(1);
      const auto answers = s.run(batch, lane);
      const std::uint64_t ended = tick.fetch_add(1);
      groups_are_all_or_none(batch, answers);
      for (std::size_t i = 0; i < batch.size(); ++i) {
        logs[lane].push_back({began, ended, batch[i], answers[i]});
      }
      learn(b, batch, answers);
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t lane = 0; lane < lanes; ++lane) {
    threads.emplace_back([&, lane] {
      try {
        client(lane);
      } catch (const failed& f) {
        broken[lane] = f.what;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::string& why : broken) {
    require(why.empty(), why);
  }
  std::vector<event> all;
  for (const auto& log : logs) {
    all.insert(all.end(), log.begin(), log.end());
  }
  // A conflict inside a lost group may name what a rolled-back op of the same group wrote.
  std::erase_if(all,
                [](const event& e) { return e.r.group != 0 && e.a.status == SPAWN_E_CONFLICT; });
  judge(all).verdict();
  s.verify_host();
}

}  // namespace

void add_model_checks(std::vector<check>& out) {
  out.push_back({"model.equals_the_reference", equals_the_reference,
                 "random requests are answered as the reference store answers them"});
  out.push_back({"model.concurrent_histories", concurrent_histories,
                 "what lanes see at the same time has one order for each key"});
}

}  // namespace contract
