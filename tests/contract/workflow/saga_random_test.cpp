// Random sagas in a random world. Whatever fails, at the end every step that took effect belongs to
// a completed saga or was compensated exactly once.
#include "contract/workflow/mutate.hpp"
#include "contract/workflow/saga_world.hpp"

namespace spawn::contract {
namespace {

constexpr std::uint64_t seeds = 1'500;

struct counted {
  int ran = 0, undone = 0;
};

class random_saga {
 public:
  explicit random_saga(std::uint64_t seed) : random_(seed), world_(definition()) {
    world_.driver.answers = [this](const command& c) { return answer(c); };
  }

  void run() {
    world_.ask("start");
    for (int round = 0; round < 12; ++round) {
      world_.run_for(random_.below(4'000));
      disturb();
    }
    // The world gets better, and an operator goes round until there is an end.
    benign_ = true;
    for (int round = 0; round < 20 && !ended(); ++round) {
      world_.run_for(100'000);
      if (world_.state() == "STUCK") {
        settle_by_operator();
      }
    }
    check();
  }

 private:
  json definition() {
    json steps = json::array();
    const std::uint32_t groups = 1 + random_.below(5);
    const std::uint32_t pivot = random_.below(3) == 0 ? random_.below(groups) : groups;
    for (std::uint32_t g = 0; g < groups; ++g) {
      if (g != pivot && random_.below(4) == 0) {
        json together = json::array();
        for (std::uint32_t i = 0; i < 2 + random_.below(3); ++i) {
          together.push_back(random_step(g * 10 + i));
        }
        steps.push_back({{"parallel", together}});
      } else {
        steps.push_back(random_step(g * 10));
        if (g == pivot) {
          steps.back()["pivot"] = true;
          pivot_ = steps.back()["name"];
        }
      }
    }
    return {{"deadline", std::to_string(1 + random_.below(20)) + "s"}, {"steps", steps}};
  }

  json random_policy() {
    return {{"attempts", 1 + random_.below(4)},
            {"backoff", 10 + random_.below(500)},
            {"max_backoff", 1'000},
            {"timeouts", random_.below(3) == 0}};
  }

  json random_step(std::uint32_t n) {
    const std::string name = "s" + std::to_string(n);
    json step{{"name", name}, {"actor", name}, {"action", "do"}};
    if (random_.below(2) == 0) {
      step["timeout"] = 50 + random_.below(1'000);
    }
    if (random_.below(2) == 0) {
      step["retry"] = random_policy();
    }
    if (random_.below(5) != 0) {
      step["compensate"] = {{"action", "undo"}, {"timeout", 50 + random_.below(1'000)}};
      if (random_.below(2) == 0) {
        step["compensate"]["retry"] = random_policy();
      }
      has_undo_[name] = true;
    }
    counts_[name] = {};
    return step;
  }

  world_answer answer(const command& c) {
    const std::string name = metadata_of(c, "spawn-saga-step");
    const bool undo = metadata_of(c, "spawn-saga-phase") == "compensate";
    counted& count = counts_[name];
    if (undo) {
      EXPECT_GE(count.ran, 1) << name << " is undone before it took effect";
    }
    const std::int64_t after = random_.below(5) == 0 ? random_.below(30'000) : random_.below(40);
    if (!benign_ && random_.below(4) == 0) {
      return failure(after);
    }
    // A repeat that the actor recognises takes effect once.
    const std::string key = metadata_of(c, "idempotency-key");
    if (key.empty() || done_.insert(key).second) {
      (undo ? count.undone : count.ran) += 1;
    }
    return ok("{}", after);
  }

  void disturb() {
    switch (random_.below(9)) {
      case 0:
        forced_ = forced_ || world_.state() == "STUCK";  // then it is an operator's word
        world_.driver.call(world_.parent, world_.id, "cancel");
        break;
      case 1:
        world_.driver.call(world_.parent, world_.id, "retry");
        break;
      case 2:
        world_.driver.call(world_.parent, world_.id, "await");
        break;
      case 3:
        world_.ask("start");
        break;
      case 4: {
        step s;
        s.event = random_.below(2) == 0 ? SPAWN_WF_RECOVERED : SPAWN_WF_TIMER;
        s.token = 1'000'000;
        world_.driver.event(world_.parent, world_.id, s);
        break;
      }
      default:
        break;
    }
  }

  void settle_by_operator() {
    const bool back = random_.below(3) == 0;
    forced_ = forced_ || back;
    EXPECT_EQ(world_.ask(back ? "compensate" : "retry").status, SPAWN_OK);
  }

  bool ended() { return world_.state() == "COMPLETED" || world_.state() == "COMPENSATED"; }

  void check() {
    const json status = world_.status();
    const bool completed = status["state"] == "COMPLETED";
    ASSERT_TRUE(ended()) << status.dump(2);
    for (const auto& [name, count] : counts_) {
      EXPECT_LE(count.ran, 1) << name << status.dump(2);
      if (completed) {
        EXPECT_EQ(count.ran, 1) << name << status.dump(2);
        EXPECT_EQ(count.undone, 0) << name << status.dump(2);
      } else {
        EXPECT_EQ(count.undone, has_undo_[name] ? count.ran : 0) << name << status.dump(2);
      }
    }
    if (!completed && !pivot_.empty() && !forced_) {
      EXPECT_EQ(counts_[pivot_].ran, 0) << "compensated behind the pivot" << status.dump(2);
    }
  }

  mutator random_;
  std::map<std::string, counted> counts_;
  std::map<std::string, bool> has_undo_;
  std::set<std::string> done_;
  std::string pivot_;
  bool benign_ = false, forced_ = false;
  saga_world world_;
};

TEST(saga_random, every_effect_is_kept_or_undone_exactly_once) {
  for (std::uint64_t seed = 1; seed <= seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_saga(seed).run();
  }
}

}  // namespace
}  // namespace spawn::contract
