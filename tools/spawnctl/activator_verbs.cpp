// activators list|pause|resume|drain.
#include <iostream>
#include <memory>

#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

std::string number_of(const json& of, const char* key) {
  const auto at = of.find(key);
  return at == of.end() || !at->is_number() ? "-" : at->dump();
}

// What waits at all sources of one activator; "-" when none of them tells.
std::string waiting_at(const json& activator) {
  std::uint64_t sum = 0;
  bool told = false;
  const json sources = activator.value("sources", json::object());
  for (const auto& [source, lag] : sources.items()) {
    if (const auto at = lag.find("waiting"); at != lag.end() && at->is_number()) {
      sum += at->get<std::uint64_t>();
      told = true;
    }
  }
  return told ? std::to_string(sum) : "-";
}

void print(const json& activators) {
  table out({"NAME", "PLUGIN", "STATE", "SERVING", "WINDOW", "IN FLIGHT", "WAITING", "DONE",
             "RETRIED", "DEAD"});
  for (const json& each : activators) {
    const bool serving = each.value("serving", false);
    out.add({text_of(each, "name"), text_of(each, "plugin"), text_of(each, "state"),
             serving ? "yes" : "no: " + text_of(each, "why"),
             number_of(each, "window") + "/" + number_of(each, "window_max"),
             number_of(each, "in_flight"), waiting_at(each), number_of(each, "acknowledged"),
             number_of(each, "retried"), number_of(each, "dead")});
  }
  out.print(std::cout);
}

void act(tool& t, const std::string& name, const char* verb) {
  if (const auto answer = t.show("POST", "/v1/activators/" + escape(name) + "/" + verb)) {
    print(json::array({*answer}));
  }
}

}  // namespace

void add_activator_verbs(CLI::App& app, tool& t) {
  auto* verbs = app.add_subcommand("activators", "event sources: what they bring, stopping them")
                    ->alias("activator");
  verbs->require_subcommand(1);
  verbs->add_subcommand("list", "lists them")->callback([&t] {
    if (const auto answer = t.show("GET", "/v1/activators")) {
      print(answer->value("activators", json::array()));
    }
  });
  const auto add = [&](const char* verb, const char* help) {
    auto* sub = verbs->add_subcommand(verb, help);
    auto name = std::make_shared<std::string>();
    sub->add_option("name", *name, "name of the activator")->required();
    sub->callback([&t, name, verb] { act(t, *name, verb); });
  };
  add("pause", "takes no more messages; what is under way goes on");
  add("resume", "takes messages again");
  add("drain", "takes no more, and gives back to the source what was not called yet");
}

}  // namespace spawn::ctl
