#include "saga/definition.hpp"

#include <algorithm>

namespace spawn::plugin::saga {
namespace {

using flows::config_reader;
using flows::source_names;

constexpr std::uint64_t day_ms = 86'400'000;
constexpr std::uint64_t year_ms = 366 * day_ms;

retry_policy read_retry(const config_reader& call, retry_policy defaults) {
  const std::optional<config_reader> from = call.find("retry");
  if (!from) {
    return defaults;
  }
  from->only({"attempts", "backoff", "max_backoff", "timeouts"});
  defaults.attempts =
      static_cast<std::uint32_t>(from->number("attempts", 1, 1'000, defaults.attempts));
  defaults.backoff_ms = from->duration_ms("backoff", 1, day_ms, defaults.backoff_ms);
  defaults.max_backoff_ms = from->duration_ms(
      "max_backoff", 1, day_ms, std::max(defaults.max_backoff_ms, defaults.backoff_ms));
  if (defaults.max_backoff_ms < defaults.backoff_ms) {
    from->at("max_backoff").refuse("is below backoff");
  }
  defaults.timeouts = from->flag("timeouts", false);
  return defaults;
}

// Reads the steps of one definition, group by group.
class steps_reader {
 public:
  explicit steps_reader(definition& into) : into_(into) {}

  void read(const config_reader& from) {
    into_.hash = flows::hash_of(flows::write_json(from.value()));
    for (const config_reader& item : from.items(1, steps_max)) {
      if (const std::optional<config_reader> together = item.find("parallel")) {
        item.only({"parallel"});
        open_group();
        for (const config_reader& step : together->items(1, parallel_max)) {
          read_step(step, /*alone=*/false);
        }
      } else {
        open_group();
        read_step(item, /*alone=*/true);
      }
      close_group();
    }
  }

 private:
  void open_group() { into_.groups.push_back({into_.steps.size(), 0}); }

  void close_group() {
    step_group& group = into_.groups.back();
    group.count = into_.steps.size() - group.first;
    for (std::size_t i = group.first; i < into_.steps.size(); ++i) {
      known_.push_back("steps." + into_.steps[i].name);
    }
  }

  void read_step(const config_reader& from, bool alone) {
    from.only({"name", "actor", "parent", "system", "register_ref", "action", "payload", "timeout",
               "retry", "compensate", "pivot"});
    if (into_.steps.size() == steps_max) {
      from.refuse("a saga has at most " + std::to_string(steps_max) + " steps");
    }
    step_definition step;
    step.name = from.at("name").text();
    if (!flows::is_name(step.name)) {
      from.at("name").refuse("a name has 1 to 64 letters, digits, '_' and '-'");
    }
    if (std::ranges::find(into_.steps, step.name, &step_definition::name) != into_.steps.end()) {
      from.at("name").refuse("another step is called \"" + step.name + "\"");
    }
    step.run.to = flows::target::read(from, known_);
    step.run.timeout_ms = from.duration_ms("timeout", 1, year_ms, step.run.timeout_ms);
    step.run.retry = read_retry(from, step.run.retry);
    read_pivot(from, alone, step);
    read_undo(from, step);
    note_references(step);
    into_.steps.push_back(std::move(step));
  }

  void read_pivot(const config_reader& from, bool alone, step_definition& step) {
    step.pivot = from.flag("pivot", false);
    if (!step.pivot) {
      return;
    }
    if (!alone) {
      from.at("pivot").refuse("a parallel step decides nothing alone and can not be the pivot");
    }
    if (into_.pivot) {
      from.at("pivot").refuse("step \"" + into_.steps[*into_.pivot].name + "\" is the pivot");
    }
    into_.pivot = into_.steps.size();
  }

  void read_undo(const config_reader& from, step_definition& step) {
    const std::optional<config_reader> undo = from.find("compensate");
    if (!undo) {
      return;
    }
    undo->only(
        {"actor", "parent", "system", "register_ref", "action", "payload", "timeout", "retry"});
    source_names known = known_;
    known.push_back("steps." + step.name);
    call_definition made;
    if (undo->find("actor")) {
      made.to = flows::target::read(*undo, known);
    } else {
      for (const char* key : {"parent", "system", "register_ref"}) {
        if (undo->find(key)) {
          undo->at(key).refuse("needs an actor beside it");
        }
      }
      made.to = step.run.to.with_action(*undo, known);
    }
    made.timeout_ms = undo->duration_ms("timeout", 1, year_ms, step.run.timeout_ms);
    made.retry = read_retry(*undo, {.attempts = 5});
    step.undo = std::move(made);
  }

  void note_references(step_definition& step) {
    note(step.run.to, step);
    if (step.undo) {
      note(step.undo->to, step);
    }
  }

  void note(const flows::target& to, step_definition& own) {
    for (const flows::reference& r : to.references()) {
      if (r.source == "input" && !r.path.empty()) {
        into_.input_references.push_back(r);
      }
      if (r.source == "steps." + own.name) {
        own.keeps_result = true;
      }
      for (step_definition& earlier : into_.steps) {
        earlier.keeps_result = earlier.keeps_result || r.source == "steps." + earlier.name;
      }
    }
  }

  definition& into_;
  source_names known_{"input", "saga.id", "saga.name"};
};

declared_saga read_saga(const config_reader& from) {
  from.only({"steps", "deadline", "keep", "earlier"});
  declared_saga out;
  out.name = from.name();
  const auto add = [&](const config_reader& steps) {
    definition& made = out.versions.emplace_back();
    made.deadline_ms = from.duration_ms("deadline", 1, year_ms, 3'600'000);
    made.keep_ms = from.duration_ms("keep", 1'000, 10 * year_ms, 7 * day_ms);
    steps_reader(made).read(steps);
  };
  add(from.at("steps"));
  if (const std::optional<config_reader> earlier = from.find("earlier")) {
    for (const config_reader& steps : earlier->items(1, earlier_max)) {
      add(steps);
    }
  }
  return out;
}

}  // namespace

const definition* declared_saga::by_hash(std::uint64_t hash) const {
  const auto found = std::ranges::find(versions, hash, &definition::hash);
  return found == versions.end() ? nullptr : &*found;
}

std::vector<declared_saga> read_sagas(const config_reader& config) {
  config.only({"sagas"});
  std::vector<declared_saga> out;
  if (const std::optional<config_reader> sagas = config.find("sagas")) {
    for (const config_reader& one : sagas->named(0, sagas_max)) {
      out.push_back(read_saga(one));
    }
  }
  return out;
}

}  // namespace spawn::plugin::saga
