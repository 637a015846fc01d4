// invoke, actors, state.
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "base/base64.hpp"
#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

struct invoke_options {
  std::string system, actor, action, payload, file, type, parent;
  std::vector<std::string> metadata;
  bool is_async = false;
};

// False, with the exit code set, when something on the command line can not be used.
bool fill_body(tool& t, const invoke_options& from, json& body) {
  body = {{"system", from.system}, {"actor", from.actor}, {"action", from.action}};
  if (!from.payload.empty()) {
    json payload = json::parse(from.payload, nullptr, false);
    if (payload.is_discarded()) {
      t.fail(exit_usage, "--json is not JSON: " + from.payload);
      return false;
    }
    body["payload"] = std::move(payload);
  }
  if (!from.file.empty()) {
    std::ifstream in(from.file, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    if (!in.is_open() || in.bad()) {
      t.fail(exit_usage, "can not read " + from.file);
      return false;
    }
    body["type_url"] = from.type;
    body["base64"] = base64_encode(bytes.str());
  }
  for (const auto& pair : from.metadata) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      t.fail(exit_usage, "--metadata " + pair + " is not key=value");
      return false;
    }
    body["metadata"][pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  if (from.is_async) {
    body["async"] = true;
  }
  if (!from.parent.empty()) {
    body["register_ref"] = from.parent;
  }
  // The kernel gives up first, so that its reason is what is shown.
  body["timeout_ms"] = t.target.timeout_ms;
  return true;
}

void print_payload(const json& payload) {
  if (payload.is_null()) {
    return;
  }
  if (payload.contains("json")) {
    std::cout << dump(payload["json"]) << '\n';
  } else {
    std::cout << text_of(payload, "type_url") << ' ' << text_of(payload, "base64") << '\n';
  }
}

void invoke(tool& t, const invoke_options& from) {
  json body;
  if (!fill_body(t, from, body)) {
    return;
  }
  const std::uint64_t asked = t.target.timeout_ms;
  t.target.timeout_ms = asked + 10'000;
  if (const auto answer = t.show("POST", "/v1/invoke", body.dump())) {
    if (from.is_async) {
      std::cout << "accepted\n";
    } else {
      print_payload(answer->value("payload", json()));
    }
  }
  t.target.timeout_ms = asked;
}

struct list_options {
  std::string system, type;
  std::uint64_t limit = 100;
};

// Page after page, up to the limit.
void list(tool& t, const list_options& from) {
  json actors = json::array();
  std::string cursor;
  do {
    const std::uint64_t page = std::min<std::uint64_t>(from.limit - actors.size(), 1'000);
    const auto answer = t.fetch(
        "GET", "/v1/actors?limit=" + std::to_string(page) + "&system=" + escape(from.system) +
                   "&type=" + escape(from.type) + "&cursor=" + escape(cursor));
    if (!answer) {
      return;
    }
    const json parsed = json::parse(*answer, nullptr, false);
    if (!parsed.is_object()) {
      t.fail(exit_failed, "the answer is not JSON; is this a Spawn kernel?");
      return;
    }
    for (const json& each : parsed.value("actors", json::array())) {
      actors.push_back(each);
    }
    cursor = text_of(parsed, "cursor");
  } while (!cursor.empty() && actors.size() < from.limit);
  if (t.as_json) {
    std::cout << dump({{"actors", actors}, {"cursor", cursor.empty() ? json() : json(cursor)}})
              << '\n';
    return;
  }
  table out({"NAME", "PARENT", "KIND", "PHASE", "REVISION", "WAITING", "STATE BYTES", "IDLE MS",
             "SYSTEM"});
  for (const json& each : actors) {
    out.add({text_of(each, "name"), text_of(each, "parent"), text_of(each, "kind"),
             text_of(each, "phase"), text_of(each, "revision"), text_of(each, "waiting"),
             text_of(each, "state_bytes"), text_of(each, "idle_ms"), text_of(each, "system")});
  }
  out.print(std::cout);
  if (!cursor.empty()) {
    std::cerr << "there are more; see --limit\n";
  }
}

std::string joined(const json& texts) {
  std::string out;
  for (const json& each : texts) {
    out += (out.empty() ? "" : ", ") + (each.is_string() ? each.get<std::string>() : each.dump());
  }
  return out;
}

void print_actor(const json& from) {
  const json reg = from.value("registration", json::object());
  const json host = reg.value("host", json::object());
  table out({"actor", text_of(from, "name")});
  out.add({"system", text_of(from, "system")});
  out.add({"parent", text_of(from, "parent")});
  out.add({"type", text_of(reg, "type") + " (" + text_of(reg, "kind") + ", " +
                       (reg.value("stateful", false) ? "stateful" : "stateless") + ", durability " +
                       text_of(reg, "durability") + ")"});
  out.add({"host", text_of(host, "address") + ":" + text_of(host, "port")});
  out.add({"actions", joined(reg.value("actions", json::array()))});
  if (from.contains("binding")) {
    out.add({"spawned as", text_of(from["binding"], "parent")});
  }
  if (from.contains("pool")) {
    const json& pool = from["pool"];
    out.add({"pool", text_of(pool, "running") + " of at most " + text_of(pool, "at_most") +
                         " running, " + text_of(pool, "waiting") + " waiting"});
  } else if (!from.contains("active")) {
    out.add({"active", "no"});
  } else {
    const json& active = from["active"];
    out.add({"active", "on lane " + text_of(active, "lane") + ", " + text_of(active, "phase") +
                           ", idle for " + text_of(active, "idle_ms") + " ms"});
    out.add({"revision", text_of(active, "revision")});
    out.add({"state", text_of(active, "state_bytes") + " bytes" +
                          (active.value("settled", true) ? "" : ", not all of it durable yet")});
    out.add({"waiting", text_of(active, "waiting")});
  }
  out.print(std::cout);
}

void print_state(const json& from) {
  table out({"actor", text_of(from, "name")});
  out.add({"revision", text_of(from, "revision") +
                           (from.value("settled", true) ? "" : " (a newer one is on its way)")});
  const json tags = from.value("tags", json::object());
  for (const auto& [key, value] : tags.items()) {
    out.add({"tag " + key, value.is_string() ? value.get<std::string>() : value.dump()});
  }
  const json state = from.value("state", json());
  out.add({"type", state.is_null() ? "no state" : text_of(state, "type_url")});
  out.print(std::cout);
  print_payload(state);
}

struct history_options {
  std::string system, actor, parent;
  std::uint64_t limit = 20;
};

// Page after page, newest first, up to the limit.
void history(tool& t, const history_options& from) {
  json revisions = json::array();
  std::string cursor;
  do {
    const std::uint64_t page = std::min<std::uint64_t>(from.limit - revisions.size(), 1'000);
    const auto answer =
        t.fetch("GET", "/v1/state/" + escape(from.system) + "/" + escape(from.actor) +
                           "/history?parent=" + escape(from.parent) +
                           "&limit=" + std::to_string(page) + "&cursor=" + escape(cursor));
    if (!answer) {
      return;
    }
    const json parsed = json::parse(*answer, nullptr, false);
    if (!parsed.is_object()) {
      t.fail(exit_failed, "the answer is not JSON; is this a Spawn kernel?");
      return;
    }
    for (const json& each : parsed.value("revisions", json::array())) {
      revisions.push_back(each);
    }
    cursor = text_of(parsed, "cursor");
  } while (!cursor.empty() && revisions.size() < from.limit);
  if (t.as_json) {
    std::cout << dump({{"revisions", revisions}, {"complete", cursor.empty()}}) << '\n';
    return;
  }
  table out({"REVISION", "WRITTEN", "TYPE", "STATE"});
  for (const json& each : revisions) {
    const json state = each.value("state", json());
    out.add({text_of(each, "revision"), time_of(each.value("written_ms", std::int64_t{0})),
             each.contains("unreadable") ? "unreadable" : text_of(state, "type_url"),
             each.contains("unreadable") ? text_of(each, "unreadable")
             : state.contains("json")    ? state["json"].dump()
                                         : text_of(state, "base64")});
  }
  out.print(std::cout);
  if (!cursor.empty()) {
    std::cerr << "there are more; see --limit\n";
  }
}

}  // namespace

void add_actor_verbs(CLI::App& app, tool& t) {
  auto* call = app.add_subcommand("invoke", "calls an action of an actor");
  auto what = std::make_shared<invoke_options>();
  call->add_option("system", what->system)->required();
  call->add_option("actor", what->actor)->required();
  call->add_option("action", what->action)->required();
  auto* payload = call->add_option("--json,--payload", what->payload, "JSON, sent as JSONType");
  auto* file = call->add_option("--file", what->file, "protobuf bytes to send; wants --type");
  auto* type = call->add_option("--type", what->type, "type URL of the file's bytes");
  file->needs(type)->excludes(payload);
  type->needs(file);
  call->add_flag("--async", what->is_async, "do not wait for the answer");
  call->add_option("--ref", what->parent, "spawn it as a child of this registered actor");
  call->add_option("--metadata", what->metadata, "key=value, as often as needed")
      ->allow_extra_args(false);
  call->callback([&t, what] { invoke(t, *what); });

  auto* actors = app.add_subcommand("actors", "actors in memory")->alias("actor");
  actors->require_subcommand(1);
  auto* listing = actors->add_subcommand("list", "those that are active");
  auto which = std::make_shared<list_options>();
  listing->add_option("--system", which->system);
  listing->add_option("--type", which->type);
  listing->add_option("--limit", which->limit)->check(CLI::Range(1, 1'000'000));
  listing->callback([&t, which] { list(t, *which); });

  const auto one = [&t](CLI::App* verb, const char* path, void (*print)(const json&)) {
    auto id = std::make_shared<std::array<std::string, 3>>();
    verb->add_option("system", (*id)[0])->required();
    verb->add_option("actor", (*id)[1])->required();
    verb->add_option("--parent", (*id)[2], "which of several parents' actor of that name");
    verb->callback([&t, id, path, print] {
      const auto answer = t.show(
          "GET", path + escape((*id)[0]) + "/" + escape((*id)[1]) + "?parent=" + escape((*id)[2]));
      if (answer) {
        print(*answer);
      }
    });
  };
  one(actors->add_subcommand("show", "what is known of one"), "/v1/actors/", print_actor);
  auto* state = app.add_subcommand("state", "states of actors")->alias("states");
  state->require_subcommand(1);
  one(state->add_subcommand("get", "state, tags and revision of an actor"), "/v1/state/",
      print_state);
  auto* revisions =
      state->add_subcommand("history", "the revisions the store has kept, newest first");
  auto past = std::make_shared<history_options>();
  revisions->add_option("system", past->system)->required();
  revisions->add_option("actor", past->actor)->required();
  revisions->add_option("--parent", past->parent, "which of several parents' actor of that name");
  revisions->add_option("--limit", past->limit)->check(CLI::Range(1, 1'000'000));
  revisions->callback([&t, past] { history(t, *past); });
  add_state_verbs(state, t);
  add_record_verbs(state, t);
}

}  // namespace spawn::ctl
