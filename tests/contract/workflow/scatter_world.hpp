// scatter_world: a flow driver with the scatter-gather plugin and actors that answer by their name.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "contract/workflow/flow_driver.hpp"

namespace spawn::contract {

using nlohmann::json;

[[nodiscard]] inline world_answer after(std::int64_t ms, spawn_status status = SPAWN_OK) {
  return {status, status == SPAWN_OK ? json_of(std::to_string(ms)) : payload{},
          status == SPAWN_OK ? "" : "no", ms};
}

[[nodiscard]] inline json a_target(const std::string& name) {
  return {{"name", name}, {"actor", name}, {"action", "ask"}, {"payload", "{input}"}};
}

[[nodiscard]] inline json abc(const json& more = json::object()) {
  json out{{"targets", {a_target("a"), a_target("b"), a_target("c")}}, {"timeout", "5s"}};
  out.update(more);
  return out;
}

class scatter_world {
 public:
  explicit scatter_world(const json& scatter)
      : driver("scatter-gather", json{{"scatters", {{"t", scatter}}}}.dump()) {
    driver.answers = [this](const command& c) {
      const auto found = world.find(c.to.name);
      return found == world.end() ? after(1) : found->second;
    };
  }
  call_answer ask(const std::string& action, const std::string& text = "{}") {
    return driver.ask("scatter/t", "one", action, json_of(text));
  }
  std::uint64_t call(const std::string& action, const std::string& text = "{}") {
    return driver.call("scatter/t", "one", action, json_of(text));
  }
  void run_for(std::int64_t ms) { driver.run(driver.now + ms); }
  json status() { return json::parse(text_of(ask("status").payload)); }
  json answer(std::uint64_t id) { return json::parse(text_of(driver.answer(id)->payload)); }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const sent_call& s : driver.sent) {
      out.push_back(s.what.to.name);
    }
    return out;
  }

  flow_driver driver;
  std::map<std::string, world_answer> world;
};

}  // namespace spawn::contract
