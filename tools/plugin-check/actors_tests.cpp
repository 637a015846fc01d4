// Plugins of kind "actors": what they register, and calls of their actions.
#include <algorithm>
#include <set>

#include "described_actors.hpp"
#include "live_actors_tests.hpp"
#include "op_run.hpp"
#include "spawn/plugin/actors.h"
#include "spawn/plugin/cpp/bytes.hpp"
#include "utf8.hpp"
#include "wire/common.hpp"

namespace spawn::check {
namespace {

using contract::require;

constexpr spawn_status last_status = SPAWN_E_ABORTED;
constexpr std::size_t name_bytes_max = 512;

described_actors described(subject& s) {
  check_host host;
  const instance on(s, host);
  described_actors out = describe_actors(on);
  out.table = nullptr;  // gone with the instance
  return out;
}

void is_a_registration(subject& s) {
  const described_actors got = described(s);
  require(!got.types.empty(), "describe names no actor");
}

void is_the_same_again(subject& s) {
  check_host host;
  instance on(s, host);
  const std::string first = description(on);
  require(description(on) == first, "describe answers something else the second time");
  on.must(step::start);
  require(description(on) == first, "describe answers something else after start");
}

void names_are_good(subject& s) {
  for (const actor_type& type : described(s).types) {
    require(!type.name.empty() && type.name.size() <= name_bytes_max && is_utf8(type.name),
            "the name of an actor is empty, too long, or not UTF-8");
    std::set<std::string> seen;
    for (const std::string& action : type.actions()) {
      require(!action.empty() && action.size() <= name_bytes_max && is_utf8(action),
              "actor " + type.name + ": the name of an action is empty, too long, or not UTF-8");
      require(seen.insert(action).second,
              "actor " + type.name + ": action " + action + " is there twice");
    }
    require(!seen.empty(), "actor " + type.name + " has no action");
  }
}

void types_are_distinct(subject& s) {
  std::set<std::string> seen;
  for (const actor_type& type : described(s).types) {
    require(seen.insert(type.name).second, "actor " + type.name + " is there twice");
  }
}

void channels_name_actions(subject& s) {
  for (const actor_type& type : described(s).types) {
    for (const channel_binding& each : type.shape->channels) {
      const auto known = type.actions();
      require(each.action == "receive" || std::ranges::find(known, each.action) != known.end(),
              "actor " + type.name + ": channel " + each.topic + " runs " + each.action +
                  ", which is no action of it");
    }
  }
}

void runs_on_every_lane(subject& s) {
  require(s.manifest().lanes == lane_mode::many && !s.manifest().blocking,
          "the manifest of an actors plugin says \"lanes\": \"many\" and \"blocking\": false");
}

void every_type_can_be_called(subject& s) {
  check_host host;
  const instance on(s, host);
  const described_actors got = describe_actors(on);
  for (const actor_type& type : got.types) {
    require(type.is_live || got.table->submit != nullptr,
            "actor " + type.name + " is not live, and there is no submit");
  }
}

// --- calls
// ----------------------------------------------------------------------------------------
spawn_actors_call& call_of(flight& one) {
  return *one.memory.as<spawn_actors_call>();
}

void known_end(const flight& one, const std::string& what) {
  const spawn_op op = op_run::ended(one);
  require(op.status >= SPAWN_OK && op.status <= last_status && op.status != 4,
          what + " ended with " + described_status(op.status));
  require(is_utf8(plugin::text(op.error)), what + " ended with a text that is not UTF-8");
}

// Runs calls with these bytes; each ends once.
std::vector<flight*> run_calls(op_run& run, const std::vector<std::string>& requests) {
  std::size_t at = 0;
  const auto ops = run.run(static_cast<std::uint32_t>(requests.size()), {}, [&](flight& one) {
    call_of(one).request = one.bytes.place(requests[at++]);
  });
  for (const flight* one : ops) {
    require(run.host().ends(one->op()) == 1, "a call ended more than once");
  }
  return ops;
}

const actor_type& called_type(const described_actors& of) {
  const actor_type* const type = of.first_of_actions();
  if (type == nullptr) {
    throw contract::skipped{"every type is live"};
  }
  return *type;
}

std::string any_of(std::string_view type_url, std::string_view value) {
  std::string out;
  wire::append_any(out, type_url, value);
  return out;
}

// Every action with no payload, JSON, and what nobody has heard of.
std::vector<std::string> all_calls(const described_actors& of) {
  const std::string json = any_of("type.googleapis.com/spawn.JSONType", "\x0a\x02{}");
  const std::string strange = any_of("type.example/nobody.HasIt", "\xff\xfe\x01");
  const std::string untyped = any_of("", "bytes");
  std::vector<std::string> out;
  for (const actor_type& type : of.types) {
    for (const std::string& action : type.is_live ? std::vector<std::string>{} : type.actions()) {
      for (const std::string* any :
           {static_cast<const std::string*>(nullptr), &json, &strange, &untyped}) {
        out.push_back(encoded_call(type, "n-" + std::to_string(out.size()), action, any));
      }
    }
  }
  return out;
}

void every_action_ends(subject& s) {
  op_run run(s);
  const described_actors of = describe_actors(run.on());
  static_cast<void>(called_type(of));
  const auto ops = run_calls(run, all_calls(of));
  for (const flight* one : ops) {
    known_end(*one, "a call");
  }
  run.release(ops);
  run.end();
}

void answers_are_readable(subject& s) {
  op_run run(s);
  const described_actors of = describe_actors(run.on());
  static_cast<void>(called_type(of));
  const auto ops = run_calls(run, all_calls(of));
  for (const flight* one : ops) {
    const auto& ended = *reinterpret_cast<const spawn_actors_call*>(one->at_end.data());
    if (ended.op.status != SPAWN_OK) {
      continue;
    }
    wire::reader r(plugin::text(ended.answer));
    bool has_context = false;
    while (r.next()) {
      has_context = has_context || r.field() == 3;
      r.skip();
    }
    require(r.ok(), "an answer is no protobuf message");
    require(has_context, "an answer has no updated_context, so the kernel takes it for a failure");
  }
  run.release(ops);
  run.end();
}

void unknown_ones_are_errors(subject& s) {
  op_run run(s);
  const described_actors of = describe_actors(run.on());
  const actor_type& type = called_type(of);
  actor_type nobody = type;
  nobody.name = "an-actor-that-nobody-declared";
  const auto ops = run_calls(
      run, {encoded_call(type, "n", "an-action-that-nobody-declared"), encoded_call(type, "n", ""),
            encoded_call(nobody, "n", type.actions().front())});
  const char* const what[] = {"an unknown action", "an action without a name", "an unknown actor"};
  for (std::size_t i = 0; i < ops.size(); ++i) {
    known_end(*ops[i], what[i]);
    require(op_run::ended(*ops[i]).status != SPAWN_OK, std::string(what[i]) + " ended OK");
  }
  run.release(ops);
  run.end();
}

void garbage_is_refused(subject& s) {
  op_run run(s);
  const described_actors of = describe_actors(run.on());
  const actor_type& type = called_type(of);
  const std::string good = encoded_call(type, "n", type.actions().front());
  std::vector<std::string> bad{"",
                               "\xff",
                               std::string(64, '\xff'),
                               std::string(64, '\0'),
                               std::string("\x0a\xff\xff\xff\xff\x0f"),
                               "plain text"};
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    bad.push_back(good.substr(0, cut));
  }
  std::uint64_t random = s.seed() * 2 + 1;
  for (int i = 0; i < 200; ++i) {
    std::string changed = good;
    for (int k = 0; k < 3; ++k) {
      random = random * 6'364'136'223'846'793'005u + 1'442'695'040'888'963'407u;
      changed[(random >> 33) % changed.size()] = static_cast<char>(random >> 17);
    }
    bad.push_back(std::move(changed));
  }
  const auto ops = run_calls(run, bad);
  for (const flight* one : ops) {
    known_end(*one, "a call of bytes that are no request");
  }
  require(op_run::ended(*ops[0]).status != SPAWN_OK && op_run::ended(*ops[1]).status != SPAWN_OK,
          "bytes that are no request ended OK");
  run.release(ops);
  // And it still works.
  const auto after = run_calls(run, {good});
  known_end(*after[0], "a call after that");
  run.release(after);
  run.end();
  require(!run.host().faulted(), "it called fault() for what a caller sent");
}

}  // namespace

test_list actors_tests() {
  test_list out{
      {"actors.describe.is_a_registration", "describe is a RegistrationRequest that a kernel reads",
       is_a_registration, true},
      {"actors.describe.is_the_same_again",
       "describe answers the same for the life of the instance", is_the_same_again},
      {"actors.describe.names_are_good", "actors and actions have names, each action once",
       names_are_good},
      {"actors.describe.types_are_distinct", "no type is registered twice", types_are_distinct},
      {"actors.describe.channels_name_actions", "a channel runs an action of its actor",
       channels_name_actions},
      {"actors.runs_on_every_lane", "the manifest says \"lanes\": \"many\" and does not block",
       runs_on_every_lane},
      {"actors.every_type_can_be_called", "a type is live, or there is a submit",
       every_type_can_be_called, true},
      {"actors.call.every_action_ends", "every action ends once, whatever its payload is",
       every_action_ends},
      {"actors.call.answers_are_readable", "an answer is an ActorInvocationResponse with a context",
       answers_are_readable},
      {"actors.call.unknown_ones_are_errors", "unknown actors and actions end with an error",
       unknown_ones_are_errors},
      {"actors.call.garbage_is_refused", "bytes that are no request end with an error, once",
       garbage_is_refused},
  };
  test_list live = live_actors_tests();
  std::ranges::move(live, std::back_inserter(out));
  return out;
}

}  // namespace spawn::check
