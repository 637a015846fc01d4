// Cases for plugins that serve virtual parents: calls, events and scratches of any kind.
#include <algorithm>
#include <set>

#include "contract/workflow/mutate.hpp"
#include "contract/workflow/suite.hpp"

namespace spawn::contract {
namespace {

constexpr std::size_t scratch_bytes_max = 1 << 20;

// The promises about one step of a flow, beside those of every step.
void check_flow(const step& s, const step_outcome& o, const std::string& where, findings& found) {
  check_outcome(o, where, found);
  std::set<std::uint64_t> tokens, answered;
  std::size_t scratches = 0;
  for (const command& c : o.commands) {
    const bool waits = c.kind == SPAWN_WF_INVOKE && c.mode == SPAWN_WF_WAIT;
    if ((waits || c.kind == SPAWN_WF_SET_TIMER) && !tokens.insert(c.token).second) {
      found.push_back(where + ": token " + std::to_string(c.token) + " twice");
    }
    if (c.kind == SPAWN_WF_REPLY || c.kind == SPAWN_WF_FAIL) {
      if (c.reply_to == 0 || !answered.insert(c.reply_to).second) {
        found.push_back(where + ": request " + std::to_string(c.reply_to) + " answered");
      }
      if (s.scratch.empty() && c.reply_to != s.call_id) {
        found.push_back(where + ": answers a request it can not know");
      }
    }
    if (c.kind == SPAWN_WF_FAIL && (c.code == SPAWN_OK || c.bytes.empty())) {
      found.push_back(where + ": FAIL without a code or a text");
    }
    if (c.kind == SPAWN_WF_SCRATCH) {
      scratches += 1;
      if (c.bytes.empty() || c.bytes.size() > scratch_bytes_max) {
        found.push_back(where + ": a scratch of " + std::to_string(c.bytes.size()) + " bytes");
      }
    }
  }
  if (scratches > 1) {
    found.push_back(where + ": " + std::to_string(scratches) + " scratches");
  }
}

struct kept {
  std::string parent, scratch;
  std::uint32_t schema = 0;
  std::vector<std::uint64_t> tokens;
};

// Takes over what the commands leave behind.
bool keep(const step_outcome& o, kept& k) {
  bool changed = false;
  for (const command& c : o.commands) {
    if (c.kind == SPAWN_WF_SCRATCH) {
      k.scratch = c.bytes;
      k.schema = c.schema;
      changed = true;
    } else if (c.kind == SPAWN_WF_INVOKE || c.kind == SPAWN_WF_SET_TIMER) {
      k.tokens.push_back(c.token);
    }
  }
  return changed;
}

step event_on(const kept& k, std::uint32_t event, mutator& random, const suite_options& options) {
  const auto pick = [&](const auto& of) {
    return of[random.below(static_cast<std::uint32_t>(of.size()))];
  };
  step s = call_for(k.parent, pick(options.actions), pick(options.requests));
  s.event = event;
  s.response = pick(options.requests);
  s.scratch = k.scratch;
  s.scratch_schema = k.schema;
  s.call_id = event == SPAWN_WF_CALL ? 1 + random.below(200) : 0;
  s.token = k.tokens.empty() ? random.below(9) : pick(k.tokens);
  s.status = event == SPAWN_WF_FAILURE ? static_cast<spawn_status>(1 + random.below(16)) : SPAWN_OK;
  s.error = "because";
  s.now_unix_ms += random.below(100'000);
  return s;
}

// Scratches that flows come by, each with the tokens that are out.
std::vector<kept> grown(plugin_under_test& plugin, const suite_options& options, mutator& random) {
  std::vector<kept> out;
  for (const std::string& parent : plugin.virtual_parents()) {
    for (std::uint32_t walk = 0; walk < 60; ++walk) {
      kept k{parent, "", 0, {}};
      for (std::uint32_t n = 0; n < 25; ++n) {
        const std::uint32_t event = k.scratch.empty() || random.below(3) == 0
                                        ? std::uint32_t{SPAWN_WF_CALL}
                                        : SPAWN_WF_RESULT + random.below(5);
        if (keep(plugin.run(event_on(k, event, random, options)), k)) {
          out.push_back(k);
        }
      }
    }
  }
  return out;
}

}  // namespace

void takes_any_call(plugin_under_test& plugin, const suite_options& options, findings& found) {
  for (const std::string& parent : plugin.virtual_parents()) {
    for (const std::string& action : options.actions) {
      for (const payload& request : options.requests) {
        for (const std::uint64_t call_id : {std::uint64_t{0}, std::uint64_t{7}}) {
          step s = call_for(parent, action, request);
          s.call_id = call_id;
          check_flow(s, plugin.run(s), parent + " " + action, found);
        }
      }
    }
    step s = call_for(parent + "x", "start", {});
    if (plugin.run(s).status == SPAWN_OK) {
      found.push_back("took a call to " + parent + "x, which it does not serve");
    }
  }
}

void withstands_any_scratch(plugin_under_test& plugin, const suite_options& options,
                            findings& found) {
  mutator random(options.seed);
  const std::vector<kept> real = grown(plugin, options, random);
  if (real.empty()) {
    if (!plugin.virtual_parents().empty()) {
      found.emplace_back("no call made a flow, so there is no scratch to try");
    }
    return;
  }
  std::vector<std::string> corpus;
  for (const kept& k : real) {
    corpus.push_back(k.scratch);
  }
  for (std::uint32_t i = 0; i < options.fuzz_cases / 2 && found.size() < 20; ++i) {
    kept k = real[random.below(static_cast<std::uint32_t>(real.size()))];
    if (i % 4 != 0) {
      k.scratch = random.part(corpus);
    }
    k.schema = random.below(20) == 0 ? 99 : k.schema;
    const step s = event_on(k, SPAWN_WF_RESULT + random.below(6), random, options);
    const step_outcome o = plugin.run(s);
    check_flow(s, o, "seed " + std::to_string(options.seed) + " scratch " + std::to_string(i),
               found);
    if (k.schema == 99 && !k.scratch.empty() && o.status == SPAWN_OK) {
      found.push_back("scratch of a schema that it does not accept was taken");
    }
    if (plugin.table().describe != nullptr && plugin.describe(k.schema, k.scratch).empty()) {
      found.push_back("describe() gave nothing");
    }
  }
}

void flows_are_pure(plugin_under_test& plugin, const suite_options& options, findings& found) {
  mutator random(options.seed + 1);
  const std::vector<kept> real = grown(plugin, options, random);
  std::vector<step> steps;
  std::vector<std::string> first;
  for (std::uint32_t i = 0; !real.empty() && i < 2'000; ++i) {
    steps.push_back(event_on(real[i % real.size()], SPAWN_WF_RESULT + i % 6, random, options));
    first.push_back(plugin.run(steps.back()).fingerprint());
  }
  for (std::size_t i = steps.size(); i-- > 0;) {
    steps[i].attempt = 2;
    if (plugin.run(steps[i], 1).fingerprint() != first[i]) {
      found.push_back("event " + std::to_string(steps[i].event) + " of step " + std::to_string(i) +
                      ": other commands the second time");
    }
  }
}

}  // namespace spawn::contract
