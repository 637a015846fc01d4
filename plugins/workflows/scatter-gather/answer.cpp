#include "scatter-gather/answer.hpp"

#include <string_view>

namespace spawn::plugin::scatter {
namespace {

using flows::json;
using kind = target_record::kind;

std::string_view name_of(gather_state state) {
  switch (state) {
    case gather_state::gathering:
      return "GATHERING";
    case gather_state::complete:
      return "COMPLETE";
    case gather_state::partial:
      return "PARTIAL";
    case gather_state::timed_out:
      return "TIMEOUT";
    case gather_state::cancelled:
      break;
  }
  return "CANCELLED";
}

json shown(const target_record& t) {
  json out{{"target", t.name}};
  if (t.state == kind::pending) {
    out["pending"] = true;
    return out;
  }
  out["ok"] = t.state == kind::ok;
  if (t.state == kind::ok) {
    out["value"] = flows::shown(t.result);
  } else {
    out["code"] = t.code;
    out["error"] = t.error;
  }
  return out;
}

// The code for callers that wanted one success and got none.
spawn_status code_of(const scatter_state& s) {
  if (s.state == gather_state::timed_out) {
    return SPAWN_E_DEADLINE;
  }
  if (s.state == gather_state::cancelled) {
    return SPAWN_E_CANCELLED;
  }
  return s.targets.empty() || s.targets[0].code == SPAWN_OK ? SPAWN_E_NOT_FOUND : s.targets[0].code;
}

}  // namespace

json gathered(const scatter_state& s) {
  json results = json::array();
  for (const target_record& t : s.targets) {
    results.push_back(shown(t));
  }
  json out{{"scatter", s.name},
           {"id", s.id},
           {"state", name_of(s.state)},
           {"quorum", s.quorum},
           {"ok", s.count(kind::ok)},
           {"failed", s.count(kind::failed)},
           {"pending", s.count(kind::pending)},
           {"started_unix_ms", s.started},
           {"results", std::move(results)}};
  if (s.ended != 0) {
    out["ended_unix_ms"] = s.ended;
  }
  return out;
}

flows::any_payload outcome(const scatter_state& s) {
  return s.rule == quorum_rule::kind::first && s.first != 0 ? s.targets[s.first - 1].result
                                                            : flows::json_payload(gathered(s));
}

void answer(const scatter_state& s, std::uint64_t call_id, step_output& out) {
  if (s.rule == quorum_rule::kind::first && s.first == 0) {
    flows::refuse(out, call_id, code_of(s),
                  "scatter " + s.name + ": none of " + std::to_string(s.targets.size()) +
                      " targets succeeded (" + std::string(name_of(s.state)) + ")" +
                      (s.targets.empty() || s.targets[0].error.empty()
                           ? ""
                           : "; " + s.targets[0].name + ": " + s.targets[0].error));
    return;
  }
  flows::reply(out, call_id, outcome(s));
}

}  // namespace spawn::plugin::scatter
