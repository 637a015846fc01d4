// Configurations and calls with which the suite makes plugins with virtual parents work.
#pragma once
#include <string>
#include <vector>

#include "contract/workflow/part_bytes.hpp"
#include "contract/workflow/step.hpp"

namespace spawn::contract {

[[nodiscard]] inline std::string config_of(const std::string& plugin) {
  if (plugin == "saga") {
    return R"({"sagas": {"demo": {"deadline": "60s", "steps": [
      {"name": "a", "actor": "{input.from}", "parent": "Account", "action": "do",
       "payload": {"n": "{input.n}"}, "retry": {"attempts": 3, "timeouts": true},
       "compensate": {"action": "undo", "payload": "{steps.a}"}},
      {"parallel": [{"name": "b", "actor": "b", "action": "do", "payload": "{input}"},
                    {"name": "c", "actor": "c-{saga.id}", "action": "do"}]},
      {"name": "d", "actor": "d", "action": "do", "pivot": true},
      {"name": "e", "actor": "e", "action": "do", "payload": ["{steps.a}", 1]}]}}})";
  }
  if (plugin == "scatter-gather") {
    return R"({"scatters": {
      "demo": {"quorum": "60%", "then": {"actor": "sink", "action": "take"}, "targets": [
        {"name": "a", "actor": "a", "action": "ask", "payload": "{input}"},
        {"name": "b", "each": "{input.items}", "actor": "b-{item}", "action": "ask"}]},
      "race": {"mode": "first", "targets": [
        {"name": "a", "actor": "a", "action": "ask", "payload": {"n": 1}},
        {"name": "b", "actor": "b", "action": "ask"}]}}})";
  }
  if (plugin == "aggregator") {
    return R"({"aggregates": {
      "demo": {"key": "{input.region}", "count": 3,
               "target": {"actor": "report-{key}", "action": "take"}},
      "plain": {"count": 4, "max_bytes": 1024, "target": {"actor": "report", "action": "take",
                "payload": {"rows": "{items}", "id": "{batch}"}}}}})";
  }
  return "{}";
}

[[nodiscard]] inline std::vector<std::string> flow_actions() {
  return {"start",  "status", "await", "cancel", "retry", "compensate",
          "gather", "add",    "flush", "",       "none"};
}

[[nodiscard]] inline std::vector<payload> flow_requests() {
  std::vector<payload> out{payload{}, {SPAWN_P_NOOP, "", ""}, {SPAWN_P_VALUE, "x/Order", "o"}};
  for (const char* text :
       {R"({"from":"anna","n":5,"items":["x","y"],"region":"eu"})", R"({"skip":["a"],"ran":["b"]})",
        "[1,2,3]", "", "{", R"({"from":{"no":"name"},"n":null})"}) {
    out.push_back(
        {SPAWN_P_VALUE, "type.googleapis.com/spawn.JSONType", part_bytes().text(1, text)});
  }
  return out;
}

}  // namespace spawn::contract
