#include "contract/workflow/suite.hpp"

#include <algorithm>
#include <thread>
#include <utility>

#include "contract/workflow/mutate.hpp"

namespace spawn::contract {

step step_for(const std::string& part_type, std::string part) {
  step s;
  s.part_type = part_type;
  s.part = std::move(part);
  s.meta = {{"trace", "t-1"}, {"tenant", "blue"}};
  return s;
}

step call_for(const std::string& parent, const std::string& action, const payload& request) {
  step s;
  s.event = SPAWN_WF_CALL;
  s.self = {"shop", parent, "one"};
  s.action = action;
  s.request = request;
  s.flow_id = 1;
  return s;
}

void check_outcome(const step_outcome& o, const std::string& where, findings& found) {
  if (!o.inside_submit || o.completions != 1) {
    found.push_back(where + ": " + std::to_string(o.completions) +
                    " completions inside submit, expected one");
  }
  if (o.status != SPAWN_OK) {
    if (o.status != SPAWN_E_INVALID && o.status != SPAWN_E_TOO_LARGE &&
        o.status != SPAWN_E_UNSUPPORTED) {
      found.push_back(where + ": ended with status " + std::to_string(o.status));
    }
    if (o.error.empty()) {
      found.push_back(where + ": an error without a text");
    }
    if (!o.out_untouched) {
      found.push_back(where + ": an error with commands");
    }
    return;
  }
  if (o.commands.size() > SPAWN_WF_COMMANDS_MAX) {
    found.push_back(where + ": " + std::to_string(o.commands.size()) + " commands");
  }
  std::uint32_t routes = 0;
  for (const command& c : o.commands) {
    if (c.kind < SPAWN_WF_INVOKE || c.kind > SPAWN_WF_DONE) {
      found.push_back(where + ": command kind " + std::to_string(c.kind));
    }
    if (c.kind == SPAWN_WF_INVOKE) {
      if (c.mode < SPAWN_WF_WAIT || c.mode > SPAWN_WF_ROUTE) {
        found.push_back(where + ": INVOKE mode " + std::to_string(c.mode));
      }
      if (c.to.name.empty() || c.to.system.empty()) {
        found.push_back(where + ": INVOKE without a target");
      }
      routes += c.mode == SPAWN_WF_ROUTE ? 1 : 0;
    }
    if (c.kind == SPAWN_WF_BROADCAST && c.channel.empty()) {
      found.push_back(where + ": BROADCAST without a channel");
    }
    if (c.meta.size() > SPAWN_WF_METADATA_MAX) {
      found.push_back(where + ": " + std::to_string(c.meta.size()) + " metadata entries");
    }
    for (std::size_t i = 0; i < c.meta.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        if (c.meta[i].first == c.meta[j].first) {
          found.push_back(where + ": metadata key \"" + c.meta[i].first + "\" twice");
        }
      }
    }
    if (c.payload.presence > SPAWN_P_NOOP) {
      found.push_back(where + ": payload presence " + std::to_string(c.payload.presence));
    }
  }
  if (routes > 1) {
    found.push_back(where + ": " + std::to_string(routes) + " routing commands");
  }
}

namespace {

void names_its_parts(plugin_under_test& plugin, const suite_options&, findings& found) {
  if (plugin.part_types().empty() && plugin.virtual_parents().empty()) {
    found.emplace_back("the plugin serves neither a part nor a virtual parent");
  }
  for (const std::string& type : plugin.part_types()) {
    if (type.empty() || type.find('/') != std::string::npos) {
      found.push_back("part type \"" + type + "\" is not the last segment of a type_url");
    }
  }
  for (const std::string& parent : plugin.virtual_parents()) {
    if (parent.empty() || parent.size() > 512) {
      found.push_back("virtual parent \"" + parent + "\" is no name of an actor's parent");
    }
  }
}

void refuses_unknown_parts(plugin_under_test& plugin, const suite_options&, findings& found) {
  std::vector<std::string> unknown{"", "no-such-part", std::string("\0\xFF", 2)};
  for (const std::string& type : plugin.part_types()) {
    unknown.push_back(type + "x");
    unknown.push_back(type.substr(0, type.size() - 1));
  }
  for (const std::string& type : unknown) {
    const step_outcome o = plugin.run(step_for(type, ""));
    check_outcome(o, "part type \"" + type + "\"", found);
    if (o.status != SPAWN_E_UNSUPPORTED) {
      found.push_back("part type \"" + type + "\": status " + std::to_string(o.status) +
                      ", expected UNSUPPORTED");
    }
  }
}

void refuses_short_steps(plugin_under_test& plugin, const suite_options& options, findings& found) {
  for (const std::string& type : plugin.part_types()) {
    step s = step_for(type, options.corpus.empty() ? "" : options.corpus.front());
    s.struct_size = sizeof(spawn_op);
    const step_outcome o = plugin.run(s);
    check_outcome(o, "a step of struct_size " + std::to_string(s.struct_size), found);
    if (o.status != SPAWN_E_UNSUPPORTED && o.status != SPAWN_E_INVALID) {
      found.push_back("a short step ended with status " + std::to_string(o.status));
    }
  }
  for (const std::string& parent : plugin.virtual_parents()) {
    step s = call_for(parent, "start", {});
    s.struct_size = sizeof(spawn_op);
    if (plugin.run(s).status == SPAWN_OK) {
      found.push_back("a short CALL was taken");
    }
  }
}

void survives_other_events(plugin_under_test& plugin, const suite_options&, findings& found) {
  for (const std::uint32_t event : {0u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, 4'000'000'000u}) {
    for (const std::string& type : plugin.part_types()) {
      step s = step_for(type, "");
      s.event = event;
      check_outcome(plugin.run(s), "event " + std::to_string(event), found);
    }
  }
}

// The inputs of the fuzz cases, the same for the same seed.
std::vector<step> fuzz_steps(plugin_under_test& plugin, const suite_options& options,
                             std::uint32_t n) {
  mutator random(options.seed);
  std::vector<step> steps;
  const auto& types = plugin.part_types();
  const auto& parents = plugin.virtual_parents();
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::size_t which = i % (types.size() + parents.size());
    const std::uint32_t action = random.below(static_cast<std::uint32_t>(options.actions.size()));
    step s = which < types.size()
                 ? step_for(types[which], random.part(options.corpus))
                 : call_for(parents[which - types.size()], options.actions[action], {});
    s.request.presence = random.below(3);
    s.response.presence = random.below(3);
    s.meta.resize(random.below(3));
    s.now_unix_ms = static_cast<std::int64_t>(random.next());
    steps.push_back(std::move(s));
  }
  return steps;
}

void is_pure(plugin_under_test& plugin, const suite_options& options, findings& found) {
  std::vector<step> steps = fuzz_steps(plugin, options, 500);
  // Well-formed parts at several times of day, so that there is enough to compare.
  for (const std::string& type : plugin.part_types()) {
    for (const std::string& part : options.corpus) {
      for (std::int64_t hour = 0; hour < 24; ++hour) {
        steps.push_back(step_for(type, part));
        steps.back().now_unix_ms += hour * 3'600'000;
      }
    }
  }
  std::vector<std::string> first;
  for (const step& s : steps) {
    first.push_back(plugin.run(s).fingerprint());
  }
  // Backwards, on another lane: what ran before may not matter.
  for (std::size_t i = steps.size(); i-- > 0;) {
    if (plugin.run(steps[i], 1).fingerprint() != first[i]) {
      found.push_back("step " + std::to_string(i) + ": other commands the second time");
    }
  }
}

void works_on_batches(plugin_under_test& plugin, const suite_options& options, findings& found) {
  for (const std::uint32_t n : {1u, 64u, 4'096u}) {
    std::vector<step> steps = fuzz_steps(plugin, options, n);
    const std::vector<step_outcome> outcomes = plugin.run(steps);
    for (std::uint32_t i = 0; i < n; ++i) {
      check_outcome(outcomes[i], "step " + std::to_string(i) + " of " + std::to_string(n), found);
      if (i % 97 == 0 && plugin.run(steps[i]).fingerprint() != outcomes[i].fingerprint()) {
        found.push_back("step " + std::to_string(i) + " depends on its batch");
      }
    }
  }
  std::vector<step> none;
  (void)plugin.run(none);
}

void lanes_do_not_share(plugin_under_test& plugin, const suite_options& options, findings& found) {
  const std::vector<step> steps = fuzz_steps(plugin, options, 400);
  std::vector<std::vector<std::string>> seen(4);
  {
    std::vector<std::jthread> lanes;
    for (std::uint32_t lane = 0; lane < seen.size(); ++lane) {
      lanes.emplace_back([&, lane] {
        for (const step& s : steps) {
          seen[lane].push_back(plugin.run(s, lane).fingerprint());
        }
      });
    }
  }
  for (std::uint32_t lane = 1; lane < seen.size(); ++lane) {
    if (seen[lane] != seen[0]) {
      found.push_back("lane " + std::to_string(lane) + " got other commands than lane 0");
    }
  }
}

void withstands_any_bytes(plugin_under_test& plugin, const suite_options& options,
                          findings& found) {
  std::uint32_t refused = 0;
  const std::vector<step> steps = fuzz_steps(plugin, options, options.fuzz_cases);
  for (std::size_t i = 0; i < steps.size() && found.size() < 20; ++i) {
    const step_outcome o = plugin.run(steps[i]);
    check_outcome(o, "seed " + std::to_string(options.seed) + " case " + std::to_string(i), found);
    if (o.status == SPAWN_E_UNSUPPORTED) {
      found.push_back("case " + std::to_string(i) + ": UNSUPPORTED for a part it names");
    }
    refused += o.status != SPAWN_OK ? 1 : 0;
  }
  // A plugin that accepts every part reads nothing.
  if (!plugin.part_types().empty() && plugin.virtual_parents().empty() &&
      refused < options.fuzz_cases / 20) {
    found.push_back("only " + std::to_string(refused) + " of " +
                    std::to_string(options.fuzz_cases) + " malformed parts were refused");
  }
}

void did_not_fault(plugin_under_test& plugin, const suite_options&, findings& found) {
  for (const std::string& fault : plugin.faults()) {
    found.push_back("fault: " + fault);
  }
}

}  // namespace

const std::vector<suite_case>& workflow_suite() {
  static const std::vector<suite_case> cases{
      {"parts", "it names the parts it handles", names_its_parts},
      {"unknown-part", "a part it does not name ends UNSUPPORTED", refuses_unknown_parts},
      {"short-step", "a step shorter than it needs is refused", refuses_short_steps},
      {"events", "every event ends once, also one it has no use for", survives_other_events},
      {"pure", "the same step gives the same commands, byte for byte", is_pure},
      {"batch", "1, 64 and 4096 steps in one submit each end once, inline", works_on_batches},
      {"lanes", "lanes that call at the same time get the same commands", lanes_do_not_share},
      {"fuzz", "no bytes crash it; they end INVALID or in commands within the limits",
       withstands_any_bytes},
      {"calls", "virtual actors take any call, and answer no other", takes_any_call},
      {"scratch", "no scratch crashes it, whatever the event", withstands_any_scratch},
      {"flow-pure", "the same event on the same scratch gives the same commands", flows_are_pure},
      {"no-fault", "it never calls fault()", did_not_fault},
  };
  return cases;
}

}  // namespace spawn::contract
