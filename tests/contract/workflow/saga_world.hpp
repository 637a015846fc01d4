// saga_world: a flow driver with the saga plugin and actors that answer as a test scripts them.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contract/workflow/flow_driver.hpp"

namespace spawn::contract {

using nlohmann::json;

[[nodiscard]] inline world_answer ok(const std::string& result = R"({"ok":true})",
                                     std::int64_t after_ms = 1) {
  return {SPAWN_OK, json_of(result), "", after_ms};
}
[[nodiscard]] inline world_answer failure(std::int64_t after_ms = 1,
                                          spawn_status status = SPAWN_E_INVALID) {
  return {status, {}, "no", after_ms};
}
[[nodiscard]] inline world_answer silence() {
  return {SPAWN_OK, {}, "", 1, true};
}

[[nodiscard]] inline std::string metadata_of(const command& c, const std::string& key) {
  for (const auto& [k, v] : c.meta) {
    if (k == key) {
      return v;
    }
  }
  return "";
}

// "debit/run", "debit/compensate"
[[nodiscard]] inline std::string label_of(const command& c) {
  return metadata_of(c, "spawn-saga-step") + "/" + metadata_of(c, "spawn-saga-phase");
}

class saga_world {
 public:
  explicit saga_world(const json& saga, const std::string& name = "t")
      : driver("saga", json{{"sagas", {{name, saga}}}}.dump()), parent("saga/" + name) {
    driver.answers = [this](const command& c) {
      auto& script = scripts[label_of(c)];
      if (script.empty()) {
        return ok();
      }
      const world_answer a = script.front();
      if (script.size() > 1 || !repeats_last) {
        script.pop_front();
      }
      return a;
    };
  }

  call_answer ask(const std::string& action, const std::string& payload = "") {
    return driver.ask(parent, id, action, payload.empty() ? contract::payload{} : json_of(payload));
  }
  json status() { return json::parse(text_of(ask("status").payload)); }
  std::string state() { return status()["state"]; }
  json step(const std::string& name) {
    const json all = status();
    for (const json& s : all["steps"]) {
      if (s["name"] == name) {
        return s;
      }
    }
    return {};
  }
  void run_for(std::int64_t ms) { driver.run(driver.now + ms); }

  // The labels of everything sent, in order.
  [[nodiscard]] std::vector<std::string> sent() const {
    std::vector<std::string> out;
    for (const sent_call& s : driver.sent) {
      out.push_back(label_of(s.what));
    }
    return out;
  }
  [[nodiscard]] const command& sent(const std::string& label, std::size_t nth = 0) const {
    for (const sent_call& s : driver.sent) {
      if (label_of(s.what) == label && nth-- == 0) {
        return s.what;
      }
    }
    throw std::runtime_error(label + " was not sent");
  }

  flow_driver driver;
  std::string parent, id = "s-1";
  std::map<std::string, std::deque<world_answer>> scripts;
  bool repeats_last = false;  // the last answer of a script stays
};

// {name, actor: name, action: "do", compensate: {action: "undo"}}, and what else is given.
[[nodiscard]] inline json a_step(const std::string& name, const json& more = json::object()) {
  json out{{"name", name}, {"actor", name}, {"action", "do"}, {"compensate", {{"action", "undo"}}}};
  out.update(more);
  return out;
}
[[nodiscard]] inline json three_steps() {
  return {{"steps", {a_step("a"), a_step("b"), a_step("c")}}};
}

}  // namespace spawn::contract
