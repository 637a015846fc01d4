#include "saga/status.hpp"

#include <string_view>

namespace spawn::plugin::saga {
namespace {

using flows::json;

std::string_view name_of(call_state state, bool undo) {
  switch (state) {
    case call_state::idle:
      return "PENDING";
    case call_state::in_flight:
      return "RUNNING";
    case call_state::backoff:
      return "RETRYING";
    case call_state::late:
      return "LATE";
    case call_state::ok:
      return undo ? "COMPENSATED" : "SUCCEEDED";
    case call_state::failed:
      return "FAILED";
    case call_state::unknown:
      return "UNKNOWN";
    case call_state::skipped:
      break;
  }
  return "SKIPPED";
}

std::string_view name_of(const saga_state& s) {
  if (s.mode == saga_mode::completed) {
    return "COMPLETED";
  }
  if (s.mode == saga_mode::compensated) {
    return "COMPENSATED";
  }
  if (!s.stuck.empty()) {
    return "STUCK";
  }
  return s.mode == saga_mode::forward ? "RUNNING" : "COMPENSATING";
}

json shown(const call_record& c, bool undo) {
  json out{{"state", name_of(c.state, undo)}, {"attempts", c.attempts}};
  if (c.started != 0) {
    out["started_unix_ms"] = c.started;
  }
  if (c.ended != 0) {
    out["ended_unix_ms"] = c.ended;
  }
  if (!c.error.empty()) {
    out["cause"] = c.error;
  }
  return out;
}

}  // namespace

json status_of(const saga_state& s, const definition* def) {
  json steps = json::array();
  for (std::size_t i = 0; i < s.steps.size(); ++i) {
    json step = shown(s.steps[i].run, false);
    step["name"] = def != nullptr ? def->steps[i].name : std::to_string(i);
    if (s.steps[i].undo.state != call_state::idle || s.steps[i].undo.attempts != 0) {
      step["compensation"] = shown(s.steps[i].undo, true);
    }
    if (def != nullptr && def->steps[i].pivot) {
      step["pivot"] = true;
    }
    steps.push_back(std::move(step));
  }
  json out{{"saga", s.name},
           {"id", s.id},
           {"state", name_of(s)},
           {"started_unix_ms", s.started},
           {"deadline_unix_ms", s.deadline},
           {"steps", std::move(steps)}};
  if (s.ended != 0) {
    out["ended_unix_ms"] = s.ended;
  }
  if (!s.cause.empty()) {
    out["cause"] = s.cause;
  }
  if (!s.stuck.empty()) {
    out["stuck"] = s.stuck;
  }
  if (s.cancelled) {
    out["cancelled"] = true;
  }
  return out;
}

}  // namespace spawn::plugin::saga
