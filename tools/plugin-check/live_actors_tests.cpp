#include "live_actors_tests.hpp"

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

#include "described_actors.hpp"
#include "process_state.hpp"
#include "spawn/plugin/testing/fake_live_host.hpp"

namespace spawn::check {
namespace {

using contract::require;
using plugin::testing::fake_live_lane;
using plugin::testing::live_address;
using plugin::testing::live_payload;
using plugin::testing::live_reply;
using plugin::testing::live_sent;

// A started instance with what it registers. A plugin without live types is not asked.
class stage {
 public:
  explicit stage(subject& s) : on_(s, host_), all_(describe_actors(on_)) {
    if (all_.live == nullptr) {
      throw contract::skipped{"it has no live types"};
    }
    on_.must(step::start);
  }
  [[nodiscard]] instance& on() noexcept { return on_; }
  [[nodiscard]] check_host& host() noexcept { return host_; }
  [[nodiscard]] const spawn_live_actors* table() const noexcept { return all_.live; }
  [[nodiscard]] const described_actors& all() const noexcept { return all_; }

  // For each live type: its number, and an address of it.
  struct one {
    std::uint32_t number;
    const actor_type* type;
  };
  [[nodiscard]] std::vector<one> live_types() const {
    std::vector<one> out;
    for (std::uint32_t i = 0; i < all_.types.size(); ++i) {
      if (all_.types[i].is_live) {
        out.push_back({i, &all_.types[i]});
      }
    }
    return out;
  }

 private:
  check_host host_;
  instance on_;
  described_actors all_;
};

live_address address_of(const actor_type& type, std::string name) {
  return type.shape->kind == actor_kind::unnamed ? live_address{type.name, std::move(name)}
                                                 : live_address{"", type.name};
}

void must_be_clean(const fake_live_lane& lane) {
  const auto& found = lane.violations();
  require(found.empty(), found.empty() ? "" : found.front());
}

void must_be_open(const fake_live_lane& lane) {
  require(lane.opened() == SPAWN_OK,
          "lane_open of live actors answered " + described_status(lane.opened()));
}

void must_be_made(fake_live_lane& lane, const stage::one& each, const live_address& who) {
  const spawn_status got = lane.make(each.number, who);
  require(got == SPAWN_OK,
          "create of actor " + each.type->name + " answered " + described_status(got));
}

const std::vector<live_payload>& payloads() {
  static const std::vector<live_payload> all{
      {},
      {SPAWN_P_NOOP, "", ""},
      {SPAWN_P_VALUE, "", ""},
      {SPAWN_P_VALUE, "", "12345678"},
      {SPAWN_P_VALUE, "", std::string(100'000, 'v')},
      {SPAWN_P_VALUE, "type.googleapis.com/spawn.JSONType", "\x0a\x02{}"},
      {SPAWN_P_VALUE, "type.example/nobody.HasIt", "\xff\xfe\x01"},
  };
  return all;
}

// One object of each live type on one lane, and `what` with each of its actions and payloads.
template <class F>
void with_every_message(subject& s, fake_live_lane& lane, stage& on, F&& what) {
  (void)s;
  for (const stage::one& each : on.live_types()) {
    const live_address who = address_of(*each.type, "checked");
    const auto actions = static_cast<std::uint32_t>(each.type->actions().size());
    for (std::uint32_t action = 0; action < actions; ++action) {
      for (const live_payload& payload : payloads()) {
        must_be_made(lane, each, who);
        what(who, action, payload);
        if (lane.has_left(who)) {
          lane.destroy(who);
        }
      }
    }
  }
}

void the_table_is_whole(subject& s) {
  stage on(s);
  const spawn_live_actors* t = on.table();
  require(t->struct_size >= sizeof(spawn_live_actors), "the table of live actors is too short");
  require(t->is_live != nullptr && t->lane_open != nullptr && t->create != nullptr &&
              t->receive != nullptr && t->destroy != nullptr && t->lane_close != nullptr,
          "a slot of the table of live actors is NULL");
  on.on().destroy();
}

void live_types_keep_no_state(subject& s) {
  stage on(s);
  for (const stage::one& each : on.live_types()) {
    require(!each.type->shape->stateful && each.type->shape->kind != actor_kind::pooled,
            "actor " + each.type->name + " is live, so it can be neither stateful nor pooled");
  }
  on.on().destroy();
}

void objects_come_and_go(subject& s) {
  stage on(s);
  {
    fake_live_lane lane(on.table(), on.on().raw());
    must_be_open(lane);
    for (int round = 0; round < 50; ++round) {
      for (const stage::one& each : on.live_types()) {
        const live_address who = address_of(*each.type, "n-" + std::to_string(round % 7));
        must_be_made(lane, each, who);
        if (round % 3 != 0) {
          lane.destroy(who);
        }
      }
    }
    lane.close();
    must_be_clean(lane);
  }
  on.on().destroy();
}

void every_tell_is_taken(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  with_every_message(s, lane, on, [&](const auto& who, std::uint32_t action, const auto& payload) {
    lane.tell_to(who, action, payload);
  });
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

void every_ask_is_answered_once_at_most(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  with_every_message(s, lane, on, [&](const auto& who, std::uint32_t action, const auto& payload) {
    const std::uint64_t token = lane.ask_of(who, action, payload);
    std::size_t answers = 0;
    for (const live_reply& each : lane.replies()) {
      answers += each.token == token ? 1 : 0;
    }
    require(answers <= 1, "a question was answered twice");
  });
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

void messages_of_live_actors_are_taken(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  const live_address from{"", "a-live-actor-of-this-plugin"};
  with_every_message(s, lane, on, [&](const auto& who, std::uint32_t action, const auto& payload) {
    lane.tell_to(who, action, payload, &from);
    (void)lane.ask_of(who, action, payload, &from);
  });
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

void answers_come_back(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  with_every_message(s, lane, on, [&](const auto& who, std::uint32_t action, const auto& payload) {
    const std::size_t before = lane.sends().size();
    (void)lane.ask_of(who, action, payload);
    // What it asked of others comes back, well and badly in turn.
    const std::vector<live_sent> sent(lane.sends().begin() + static_cast<std::ptrdiff_t>(before),
                                      lane.sends().end());
    std::size_t n = 0;
    for (const live_sent& each : sent) {
      if (each.by == live_sent::way::ask || each.by == live_sent::way::call) {
        const bool fails = ++n % 2 == 0;
        lane.answer(who, each.token, fails ? SPAWN_E_DEADLINE : SPAWN_OK,
                    fails ? live_payload{SPAWN_P_VALUE, "", "too late"} : payload);
      }
    }
  });
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

void answers_that_nobody_awaits_are_survived(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  with_every_message(s, lane, on, [&](const auto& who, std::uint32_t, const auto& payload) {
    lane.answer(who, 987'654'321, SPAWN_OK, payload);
    lane.answer(who, UINT64_MAX, SPAWN_E_DEADLINE, payload);
  });
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

void a_full_kernel_is_survived(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  constexpr spawn_status refusals[] = {SPAWN_E_EXHAUSTED, SPAWN_E_INVALID};
  std::size_t n = 0;
  lane.on_sent = [&](const live_sent&) { return refusals[n++ % std::size(refusals)]; };
  with_every_message(s, lane, on, [&](const auto& who, std::uint32_t action, const auto& payload) {
    lane.tell_to(who, action, payload);
    (void)lane.ask_of(who, action, payload);
  });
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

// What a late answer is told is NOT_FOUND; an actor that answers later must live with that.
void late_answers_are_survived(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  with_every_message(s, lane, on, [&](const auto& who, std::uint32_t action, const auto& payload) {
    const std::size_t before = lane.sends().size();
    const std::uint64_t token = lane.ask_of(who, action, payload);
    lane.expire(token);
    const std::vector<live_sent> sent(lane.sends().begin() + static_cast<std::ptrdiff_t>(before),
                                      lane.sends().end());
    for (const live_sent& each : sent) {
      if (each.by == live_sent::way::ask || each.by == live_sent::way::call) {
        lane.answer(who, each.token, SPAWN_OK, payload);
      }
    }
  });
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

void lanes_work_at_the_same_time(subject& s) {
  stage on(s);
  constexpr std::uint32_t n = 4;
  std::vector<std::unique_ptr<fake_live_lane>> lanes;
  for (std::uint32_t i = 0; i < n; ++i) {
    lanes.push_back(std::make_unique<fake_live_lane>(on.table(), on.on().raw(), i));
    must_be_open(*lanes.back());
  }
  std::atomic<int> refused{0};
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < n; ++i) {
      threads.emplace_back([&, i] {
        for (int round = 0; round < 20; ++round) {
          for (const stage::one& each : on.live_types()) {
            const live_address who =
                address_of(*each.type, std::to_string(i) + "-" + std::to_string(round));
            refused += lanes[i]->make(each.number, who) == SPAWN_OK ? 0 : 1;
            const auto actions = static_cast<std::uint32_t>(each.type->actions().size());
            for (std::uint32_t action = 0; refused == 0 && action < actions; ++action) {
              (void)lanes[i]->ask_of(who, action);
            }
          }
        }
      });
    }
  }
  require(refused == 0, "create was refused on a lane");
  for (const auto& lane : lanes) {
    lane->close();
    must_be_clean(*lane);
  }
  on.on().destroy();
}

void a_lane_can_be_opened_again(subject& s) {
  stage on(s);
  for (int round = 0; round < 3; ++round) {
    fake_live_lane lane(on.table(), on.on().raw());
    must_be_open(lane);
    for (const stage::one& each : on.live_types()) {
      must_be_made(lane, each, address_of(*each.type, "again"));
      lane.tell_to(address_of(*each.type, "again"), 0);
    }
    lane.close();
    must_be_clean(lane);
  }
  on.on().destroy();
}

void objects_leave_nothing(subject& s) {
  stage on(s);
  fake_live_lane lane(on.table(), on.on().raw());
  must_be_open(lane);
  const auto round = [&](int number) {
    for (const stage::one& each : on.live_types()) {
      const live_address who = address_of(*each.type, "n-" + std::to_string(number % 3));
      must_be_made(lane, each, who);
      (void)lane.ask_of(who, 0);
      lane.destroy(who);
    }
  };
  round(0);
  const auto threads = threads_now();
  const auto files = files_now();
  for (int i = 0; i < 100; ++i) {
    round(i);
  }
  require(new_threads(threads).empty(), "objects left the thread " + new_threads(threads));
  require(new_files(files).empty(), "objects left open " + new_files(files));
  lane.close();
  must_be_clean(lane);
  on.on().destroy();
}

}  // namespace

test_list live_actors_tests() {
  return {
      {"actors.live.the_table_is_whole", "the table of live actors has all its slots",
       the_table_is_whole, true},
      {"actors.live.types_keep_no_state", "live types are neither stateful nor pooled",
       live_types_keep_no_state},
      {"actors.live.objects_come_and_go", "objects are made and destroyed, many times",
       objects_come_and_go, true},
      {"actors.live.every_tell_is_taken", "every action takes every payload as a tell",
       every_tell_is_taken},
      {"actors.live.asks_are_answered_once", "a question is answered once at most, by its token",
       every_ask_is_answered_once_at_most},
      {"actors.live.senders_are_taken", "messages with a sender are taken, and nothing is kept",
       messages_of_live_actors_are_taken},
      {"actors.live.answers_come_back", "answers and failures of its own questions are taken",
       answers_come_back},
      {"actors.live.strange_answers_are_survived",
       "answers with a token it never gave are survived", answers_that_nobody_awaits_are_survived},
      {"actors.live.no_room_is_survived", "EXHAUSTED and INVALID from the lane are survived",
       a_full_kernel_is_survived},
      {"actors.live.late_answers_are_survived", "an answer after the deadline is survived",
       late_answers_are_survived},
      {"actors.live.lanes_work_at_the_same_time", "lanes are called at the same time",
       lanes_work_at_the_same_time},
      {"actors.live.a_lane_can_be_opened_again", "a lane that was closed can be opened again",
       a_lane_can_be_opened_again},
      {"actors.live.objects_leave_nothing", "objects leave no thread and no file behind",
       objects_leave_nothing},
  };
}

}  // namespace spawn::check
