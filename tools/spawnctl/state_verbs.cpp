// state restore, delete and erase of one actor.
#include <iostream>
#include <memory>

#include "table.hpp"
#include "tool.hpp"

namespace spawn::ctl {
namespace {

struct actor_options {
  std::string system, actor, parent;
  std::uint64_t revision = 0;
};

std::string path_of(const actor_options& from) {
  return "/v1/state/" + escape(from.system) + "/" + escape(from.actor);
}

// The kernel gives up first, so that its reason is what is shown; an erasure has several steps.
class patience {
 public:
  explicit patience(tool& t) : target_(t.target), asked_(t.target.timeout_ms) {
    target_.timeout_ms = asked_ + 60'000;
  }
  patience(const patience&) = delete;
  patience& operator=(const patience&) = delete;
  ~patience() { target_.timeout_ms = asked_; }
  [[nodiscard]] std::string query() const { return "&timeout_ms=" + std::to_string(asked_); }

 private:
  admin_target& target_;
  const std::uint64_t asked_;
};

void restore(tool& t, const actor_options& from) {
  const patience waits(t);
  const auto answer =
      t.show("POST", path_of(from) + "/restore?parent=" + escape(from.parent) +
                         "&revision=" + std::to_string(from.revision) + waits.query());
  if (answer) {
    std::cout << "revision " << text_of(*answer, "restored_from") << " is now revision "
              << text_of(*answer, "revision") << '\n';
  }
}

void remove(tool& t, const actor_options& from) {
  const patience waits(t);
  const auto answer =
      t.show("DELETE", path_of(from) + "?parent=" + escape(from.parent) + waits.query());
  if (answer) {
    std::cout << (answer->value("deleted", false)
                      ? "deleted; the tombstone is revision " + text_of(*answer, "revision")
                      : "nothing was stored")
              << '\n';
  }
}

void erase(tool& t, const actor_options& from) {
  const patience waits(t);
  const auto answer =
      t.show("DELETE", path_of(from) + "?erase=true&parent=" + escape(from.parent) + waits.query());
  if (!answer) {
    return;
  }
  table out({"erased", text_of(*answer, "system") + " " + text_of(*answer, "name")});
  out.add({"parent", text_of(*answer, "parent")});
  out.add({"at", time_of(answer->value("erased_at_ms", std::int64_t{0}))});
  for (const json& each : answer->value("stores", json::array())) {
    std::string what = each.value("state", false) ? "state" : "no state";
    what += ", " + text_of(each, "history_revisions") + " earlier revisions";
    for (const auto& [key, called] :
         std::vector<std::pair<const char*, const char*>>{{"calls", " calls with a key"},
                                                          {"messages", " messages"},
                                                          {"schedules", " schedules"},
                                                          {"dead_letters", " dead letters"}}) {
      what += ", " + text_of(each, key) + called;
    }
    if (!each.value("tombstone_revision", json()).is_null()) {
      what += "; an empty tombstone of revision " + text_of(each, "tombstone_revision") + " stays";
    }
    out.add({"store " + text_of(each, "store"), what});
  }
  out.add({"name binding", answer->value("name_binding", false) ? "removed" : "there was none"});
  out.print(std::cout);
}

CLI::App* add_actor_verb(CLI::App* verbs, const char* name, const char* help,
                         const std::shared_ptr<actor_options>& into) {
  auto* verb = verbs->add_subcommand(name, help);
  verb->add_option("system", into->system)->required();
  verb->add_option("actor", into->actor)->required();
  verb->add_option("--parent", into->parent, "which parent, of two actors with one name");
  return verb;
}

}  // namespace

void add_state_verbs(CLI::App* verbs, tool& t) {
  const auto of_actor = [&](const char* name, const char* help,
                            void (*run)(tool&, const actor_options&)) {
    auto what = std::make_shared<actor_options>();
    auto* verb = add_actor_verb(verbs, name, help, what);
    verb->callback([&t, what, run] { run(t, *what); });
    return std::pair(verb, what);
  };
  auto [restoring, which] =
      of_actor("restore", "makes an earlier revision the newest one", restore);
  restoring->add_option("revision", which->revision)->required()->check(CLI::PositiveNumber);
  of_actor("delete", "deletes an actor's state; its history stays", remove);
  of_actor("erase", "removes everything the stores know of an actor, and prints a receipt", erase);
}

}  // namespace spawn::ctl
