// saga list|show|retry|compensate|cancel.
#include <iostream>
#include <memory>
#include <vector>

#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

constexpr std::string_view prefix = "saga/";

struct saga_options {
  std::string id, saga, system, state;
  std::vector<std::string> skip, ran;
  unsigned limit = 50;
};
using options_ptr = std::shared_ptr<saga_options>;

// The sagas that the kernel's configuration declares; nothing when it could not be asked.
std::optional<std::vector<std::string>> declared(tool& t) {
  const auto body = t.fetch("GET", "/v1/flows");
  if (!body) {
    return std::nullopt;
  }
  std::vector<std::string> out;
  const json told = json::parse(*body, nullptr, false);
  for (const json& each : told.value("parents", json::array())) {
    if (const std::string parent = text_of(each, "parent"); parent.starts_with(prefix)) {
      out.push_back(parent);
    }
  }
  if (out.empty()) {
    t.fail(exit_failed, "this kernel's configuration declares no saga (workflows: saga)");
    return std::nullopt;
  }
  return out;
}

std::string path_of(const saga_options& from, const std::string& parent) {
  return "/v1/flows?parent=" + escape(parent) + "&system=" + escape(from.system);
}

std::string when(const json& of, const char* key) {
  const auto at = of.find(key);
  return at == of.end() || !at->is_number() ? std::string() : time_of(at->get<std::int64_t>());
}

std::string progress_of(const json& saga) {
  std::size_t done = 0;
  const json steps = saga.value("steps", json::array());
  for (const json& step : steps) {
    done += text_of(step, "state") == "SUCCEEDED" ? 1 : 0;
  }
  return std::to_string(done) + "/" + std::to_string(steps.size());
}

std::string cause_of(const json& saga) {
  const std::string stuck = text_of(saga, "stuck");
  return stuck.empty() ? text_of(saga, "cause") : stuck;
}

std::string name_of(const json& flow) {
  return text_of(flow, "parent").substr(prefix.size()) + "/" + text_of(flow, "id");
}

// Page after page of one saga's runs, up to the limit. False: one could not be fetched.
bool fetch_sagas(tool& t, const saga_options& from, const std::string& parent, json& into) {
  std::string cursor;
  do {
    const auto body =
        t.fetch("GET", path_of(from, parent) + "&limit=200&state=" + escape(from.state) +
                           "&cursor=" + escape(cursor));
    if (!body) {
      return false;
    }
    const json page = json::parse(*body, nullptr, false);
    for (const json& each : page.value("flows", json::array())) {
      if (into.size() < from.limit) {
        into.push_back(each);
      }
    }
    cursor = text_of(page, "cursor");
  } while (!cursor.empty() && into.size() < from.limit);
  return true;
}

void list(tool& t, const saga_options& from) {
  const auto parents = declared(t);
  if (!parents) {
    return;
  }
  json sagas = json::array();
  for (const std::string& parent : *parents) {
    const bool wanted = from.saga.empty() || parent == std::string(prefix) + from.saga;
    if (wanted && !fetch_sagas(t, from, parent, sagas)) {
      return;
    }
  }
  if (t.as_json) {
    std::cout << dump({{"sagas", sagas}}) << '\n';
    return;
  }
  table out({"SAGA/ID", "STATE", "STEPS", "STARTED", "ENDED", "WHY"});
  for (const json& each : sagas) {
    const json saga = each.value("flow", json::object());
    out.add({name_of(each),
             each.contains("unreadable") ? std::string("UNREADABLE") : text_of(saga, "state"),
             progress_of(saga), when(saga, "started_unix_ms"), when(saga, "ended_unix_ms"),
             each.contains("unreadable") ? text_of(each, "unreadable") : cause_of(saga)});
  }
  out.print(std::cout);
}

// Where "<saga>/<id>" or a bare id is. The exit code is set when it is nowhere.
std::optional<std::string> parent_of(tool& t, saga_options& from) {
  const auto parents = declared(t);
  if (!parents) {
    return std::nullopt;
  }
  for (const std::string& parent : *parents) {
    const std::string start = parent.substr(prefix.size()) + "/";
    if (from.id.starts_with(start)) {
      from.id = from.id.substr(start.size());
      return parent;
    }
  }
  if (parents->size() == 1) {
    return parents->front();
  }
  t.fail(exit_usage, "which saga is " + from.id + " of? Write it as the list does, SAGA/ID");
  return std::nullopt;
}

void add_step(table& to, const json& of, const std::string& name) {
  to.add({name, text_of(of, "state"), text_of(of, "attempts"), when(of, "started_unix_ms"),
          when(of, "ended_unix_ms"), text_of(of, "cause")});
}

void print_saga(const json& saga, const std::string& name) {
  std::cout << "saga: " << printable(name) << '\n' << "state: " << text_of(saga, "state") << '\n';
  for (const auto& [label, key] :
       std::vector<std::pair<const char*, const char*>>{{"started", "started_unix_ms"},
                                                        {"ended", "ended_unix_ms"},
                                                        {"deadline", "deadline_unix_ms"}}) {
    if (const std::string at = when(saga, key); !at.empty()) {
      std::cout << label << ": " << at << '\n';
    }
  }
  for (const char* key : {"cause", "stuck"}) {
    if (const std::string text = text_of(saga, key); !text.empty()) {
      std::cout << key << ": " << printable(text) << '\n';
    }
  }
  std::cout << '\n';
  table steps({"STEP", "STATE", "ATTEMPTS", "STARTED", "ENDED", "CAUSE"});
  for (const json& step : saga.value("steps", json::array())) {
    add_step(steps, step, text_of(step, "name") + (step.value("pivot", false) ? " (pivot)" : ""));
    if (step.contains("compensation")) {
      add_step(steps, step["compensation"], "  undo " + text_of(step, "name"));
    }
  }
  steps.print(std::cout);
}

void show(tool& t, saga_options from) {
  const auto parent = parent_of(t, from);
  if (!parent) {
    return;
  }
  if (const auto flow = t.show("GET", path_of(from, *parent) + "&id=" + escape(from.id))) {
    if (flow->contains("unreadable")) {
      t.fail(exit_failed, "it can not be read: " + text_of(*flow, "unreadable"));
      return;
    }
    print_saga(flow->value("flow", json::object()), name_of(*flow));
  }
}

// An action of the saga's own actor; its answer is the saga's status.
void act(tool& t, saga_options from, const char* action) {
  const auto parent = parent_of(t, from);
  if (!parent) {
    return;
  }
  json body{{"actor", from.id}, {"parent", *parent}, {"action", action}};
  if (!from.system.empty()) {
    body["system"] = from.system;
  }
  if (!from.skip.empty() || !from.ran.empty()) {
    body["payload"] = {{"skip", from.skip}, {"ran", from.ran}};
  }
  if (const auto answer = t.show("POST", "/v1/invoke", body.dump())) {
    const json saga = answer->value("payload", json::object()).value("json", json::object());
    print_saga(saga, parent->substr(prefix.size()) + "/" + from.id);
  }
}

options_ptr add(CLI::App* verb, bool takes_id) {
  auto out = std::make_shared<saga_options>();
  if (takes_id) {
    verb->add_option("id", out->id, "SAGA/ID, as the list shows it; ID alone if there is one saga")
        ->required();
  }
  verb->add_option("--system", out->system, "actor system; else the kernel's own");
  return out;
}

}  // namespace

void add_saga_verbs(CLI::App& app, tool& t) {
  auto* verbs =
      app.add_subcommand("saga", "sagas, their steps and what became of them")->alias("sagas");
  verbs->require_subcommand(1);
  auto* listing = verbs->add_subcommand("list", "lists them");
  auto listed = add(listing, false);
  listing->add_option("--saga", listed->saga, "only of this one");
  listing->add_option("--state", listed->state, "only in this state, such as STUCK");
  listing->add_option("--limit", listed->limit, "rows at most")->capture_default_str();
  listing->callback([&t, listed] { list(t, *listed); });
  auto* showing = verbs->add_subcommand("show", "one of them: each step with times and causes");
  auto shown = add(showing, true);
  showing->callback([&t, shown] { show(t, *shown); });
  auto* retrying = verbs->add_subcommand("retry", "makes the failed calls of a stuck one again");
  auto retried = add(retrying, true);
  retrying->callback([&t, retried] { act(t, *retried, "retry"); });
  auto* undoing = verbs->add_subcommand("compensate", "turns a stuck one back");
  auto undone = add(undoing, true);
  undoing->add_option("--skip", undone->skip, "a step that was settled by hand");
  undoing->add_option("--ran", undone->ran, "a step that is known to have taken effect");
  undoing->callback([&t, undone] { act(t, *undone, "compensate"); });
  auto* cancelling = verbs->add_subcommand("cancel", "turns a running one back");
  auto cancelled = add(cancelling, true);
  cancelling->callback([&t, cancelled] { act(t, *cancelled, "cancel"); });
}

}  // namespace spawn::ctl
