// dead-letters list|show|replay|drop, schedule list|show|cancel, messages list|show.
#include <iostream>
#include <memory>
#include <vector>

#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

struct message_options {
  std::string id, store;
  bool all = false;
  unsigned limit = 50;
};
using options_ptr = std::shared_ptr<message_options>;

// Where the admin API has it, and what a page of it is called there.
struct message_list {
  const char* path;
  const char* plural;
};
constexpr message_list dead{"/v1/dead-letters", "dead_letters"};
constexpr message_list timed{"/v1/schedules", "schedules"};
constexpr message_list pending{"/v1/messages", "messages"};

std::string query(const message_options& from, const std::string& id) {
  std::string out = "?id=" + escape(id);
  if (!from.store.empty()) {
    out += "&store=" + escape(from.store);
  }
  return out;
}

std::string actor_of(const json& row) {
  const json to = row.value("to", json::object());
  std::string out = text_of(to, "parent");
  return (out.empty() ? out : out + "/") + text_of(to, "name");
}

std::string when(const json& row, const char* key) {
  const auto at = row.find(key);
  return at == row.end() || !at->is_number() ? std::string() : time_of(at->get<std::int64_t>());
}

// The pages of a list, up to `limit` rows in all; nothing when one could not be fetched.
std::optional<json> fetch_rows(tool& t, message_list of, const message_options& from,
                               std::size_t limit) {
  json rows = json::array();
  std::string cursor;
  do {
    const std::size_t want = std::min<std::size_t>(limit - rows.size(), 200);
    std::string path = std::string(of.path) + "?limit=" + std::to_string(want);
    path += from.store.empty() ? "" : "&store=" + escape(from.store);
    path += cursor.empty() ? "" : "&cursor=" + escape(cursor);
    const auto body = t.fetch("GET", path);
    if (!body) {
      return std::nullopt;
    }
    const json page = json::parse(*body, nullptr, false);
    for (const json& row : page.value(of.plural, json::array())) {
      rows.push_back(row);
    }
    const auto next = page.find("cursor");
    cursor = next != page.end() && next->is_string() ? next->get<std::string>() : std::string();
  } while (!cursor.empty() && rows.size() < limit);
  return rows;
}

void list(tool& t, message_list of, const message_options& from) {
  const auto rows = fetch_rows(t, of, from, from.limit);
  if (!rows) {
    return;
  }
  if (t.as_json) {
    std::cout << dump({{of.plural, *rows}}) << '\n';
    return;
  }
  const bool is_timed = of.path == timed.path;
  const char* moment = of.path == dead.path ? "dead_ms" : is_timed ? "due_ms" : "created_ms";
  table out({"ACTOR", "ACTION", "KIND",
             of.path == dead.path ? "DEAD SINCE"
             : is_timed           ? "DUE"
                                  : "CREATED",
             "ATTEMPTS", "WHY", "ID"});
  for (const json& row : *rows) {
    const std::string why =
        row.contains("unreadable") ? text_of(row, "unreadable") : text_of(row, "why");
    std::string kind = text_of(row, "kind") + (row.value("blocks", false) ? ", blocks" : "");
    if (kind == "reminder") {
      kind += ' ' + text_of(row, "reminder");
    }
    out.add({actor_of(row), text_of(row, "action"), kind, when(row, moment),
             text_of(row, "attempts"), why, text_of(row, "id")});
  }
  out.print(std::cout);
}

void show(tool& t, message_list of, const message_options& from) {
  const auto row = t.show("GET", of.path + query(from, from.id));
  if (!row) {
    return;
  }
  for (const auto& [label, key] :
       std::vector<std::pair<const char*, const char*>>{{"id", "id"},
                                                        {"store", "store"},
                                                        {"action", "action"},
                                                        {"kind", "kind"},
                                                        {"reminder", "reminder"},
                                                        {"from", "from"},
                                                        {"attempts", "attempts"},
                                                        {"why", "why"}}) {
    if (const std::string text = text_of(*row, key); !text.empty()) {
      std::cout << label << ": " << printable(text) << '\n';
    }
  }
  std::cout << "to: " << printable(actor_of(*row)) << '\n';
  if (row->value("blocks", false)) {
    std::cout << "blocks: what its sender sent there afterwards waits until this is replayed or "
                 "dropped\n";
  }
  for (const auto& [label, key] :
       std::vector<std::pair<const char*, const char*>>{{"created", "created_ms"},
                                                        {"due", "due_ms"},
                                                        {"next try", "next_try_ms"},
                                                        {"dead since", "dead_ms"}}) {
    if (const std::string text = when(*row, key); !text.empty()) {
      std::cout << label << ": " << text << '\n';
    }
  }
  std::cout << "metadata: " << dump(row->value("metadata", json::object())) << '\n'
            << "payload: " << dump(row->value("payload", json())) << '\n';
}

// One message, or all that a list shows now.
void each_of(tool& t, message_list of, const message_options& from, const char* method,
             const std::string& path, const char* done) {
  std::vector<std::string> ids{from.id};
  if (from.all) {
    const auto rows = fetch_rows(t, of, from, SIZE_MAX);
    if (!rows) {
      return;
    }
    ids.clear();
    for (const json& row : *rows) {
      ids.push_back(text_of(row, "id"));
    }
  } else if (from.id.empty()) {
    t.fail(exit_usage, "give the ID of a message, or --all");
    return;
  }
  std::size_t n = 0;
  for (const std::string& id : ids) {
    if (!t.fetch(method, path + query(from, id))) {
      break;
    }
    ++n;
  }
  if (t.as_json) {
    std::cout << dump({{done, n}}) << '\n';
  } else {
    std::cout << n << ' ' << done << '\n';
  }
}

options_ptr add(CLI::App* verb, bool takes_id, bool needs_id) {
  auto out = std::make_shared<message_options>();
  if (takes_id) {
    auto* id = verb->add_option("id", out->id, "as the list shows it");
    if (needs_id) {
      id->required();
    }
  }
  verb->add_option("--store", out->store, "an instance of statestores; else the first");
  return out;
}

void add_reading(CLI::App* verbs, tool& t, message_list of, const char* what) {
  auto* listing = verbs->add_subcommand("list", std::string("lists ") + what);
  auto listed = add(listing, false, false);
  listing->add_option("--limit", listed->limit, "rows at most")->capture_default_str();
  listing->callback([&t, of, listed] { list(t, of, *listed); });
  auto* showing = verbs->add_subcommand("show", "one of them, with its payload");
  auto shown = add(showing, true, true);
  showing->callback([&t, of, shown] { show(t, of, *shown); });
}

void add_doing(CLI::App* verbs, tool& t, message_list of, const char* name, const char* help,
               const char* method, const std::string& path, const char* done) {
  auto* verb = verbs->add_subcommand(name, help);
  auto from = add(verb, true, false);
  verb->add_flag("--all", from->all, "all that the list shows now");
  verb->callback([&t, of, method, path, done, from] { each_of(t, of, *from, method, path, done); });
}

}  // namespace

void add_message_verbs(CLI::App& app, tool& t) {
  auto* letters = app.add_subcommand("dead-letters", "messages that could not be delivered")
                      ->alias("dead-letter");
  letters->require_subcommand(1);
  add_reading(letters, t, dead, "messages that were given up, with the reason");
  add_doing(letters, t, dead, "replay",
            "sends it again, behind everything else or in the place it blocks", "POST",
            "/v1/dead-letters/replay", "replayed");
  add_doing(letters, t, dead, "drop", "deletes it for good", "DELETE", "/v1/dead-letters",
            "dropped");
  auto* schedules = app.add_subcommand("schedule", "messages for later")->alias("schedules");
  schedules->require_subcommand(1);
  add_reading(schedules, t, timed, "messages for later");
  add_doing(schedules, t, timed, "cancel", "it is not sent", "DELETE", "/v1/schedules",
            "cancelled");
  auto* messages = app.add_subcommand("messages", "messages on their way")->alias("message");
  messages->require_subcommand(1);
  add_reading(messages, t, pending, "messages that their receivers have not committed yet");
}

}  // namespace spawn::ctl
