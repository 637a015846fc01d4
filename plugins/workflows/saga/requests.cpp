#include "saga/requests.hpp"

#include "saga/status.hpp"

namespace spawn::plugin::saga {
namespace {

bool reads_status(std::string_view action) {
  return action.empty() || action == "status" || action == "get";
}

}  // namespace

void saga_flow::run() {
  if (in_.scratch.len != 0) {
    if (in_.scratch_schema == scratch_schema) {
      state_ = decode(in_.scratch);
    }
    if (!state_) {
      out_.fail(SPAWN_E_INVALID, "saga: the scratch can not be read");
      return;
    }
    def_ = declared_.by_hash(state_->definition);
    if (def_ != nullptr && def_->steps.size() != state_->steps.size()) {
      out_.fail(SPAWN_E_INVALID, "saga: the scratch has another number of steps");
      return;
    }
  }
  if (in_.event == SPAWN_WF_CALL) {
    call();
  } else if (state_) {
    event();
  }
}

void saga_flow::event() {
  planner p(in_, *state_, def_);
  switch (in_.event) {
    case SPAWN_WF_RESULT:
      p.on_result();
      break;
    case SPAWN_WF_FAILURE:
      p.on_failure();
      break;
    case SPAWN_WF_TIMER:
      p.on_timer();
      break;
    case SPAWN_WF_CANCEL:
      (void)cancel(p);
      break;
    case SPAWN_WF_RECOVERED:
      break;  // a definition may be known again
    default:
      return;
  }
  p.advance();
  finish(p, /*answer_caller=*/false);
}

void saga_flow::call() {
  const std::string_view action = text(in_.action);
  std::optional<refusal> no;
  if (action == "start") {
    no = start();
    if (!no) {
      return;
    }
  } else if (!state_) {
    no = refusal{SPAWN_E_NOT_FOUND, "saga " + declared_.name + " \"" +
                                        std::string(text(in_.self.name)) + "\" was never started"};
  }
  if (no) {
    flows::refuse(out_, in_.call_id, no->code, no->why);
    return;
  }
  planner p(in_, *state_, def_);
  bool answer = true;
  if (action == "await") {
    answer = is_over();
    if (!answer && !state_->waiters.add(in_)) {
      no = refusal{SPAWN_E_EXHAUSTED, std::to_string(flows::waiters_max) + " callers wait already"};
    }
  } else if (action == "cancel") {
    no = cancel(p);
  } else if (action == "retry") {
    no = retry(p);
  } else if (action == "compensate") {
    no = compensate(p);
  } else if (!reads_status(action)) {
    no = refusal{
        SPAWN_E_UNSUPPORTED,
        "a saga has the actions start, status, await, cancel, retry and compensate, not \"" +
            std::string(flows::shortened(action, 64)) + "\""};
  }
  if (no) {
    flows::refuse(out_, in_.call_id, no->code, no->why);
    return;
  }
  if (action == "cancel" || action == "retry" || action == "compensate") {
    p.advance();
  }
  finish(p, answer);
}

std::optional<saga_flow::refusal> saga_flow::start() {
  flows::any_payload input;
  if (flows::size_of(in_.request) > input_bytes_max) {
    return refusal{SPAWN_E_TOO_LARGE,
                   "the input is larger than " + std::to_string(input_bytes_max) + " bytes"};
  }
  input = flows::copy_of(in_.request);
  if (input.presence == SPAWN_P_UNSET) {
    input.presence = SPAWN_P_NOOP;
  }
  if (state_) {
    if (!flows::same_content(input, state_->input)) {
      return refusal{SPAWN_E_CONFLICT, "saga " + state_->name + " \"" + state_->id +
                                           "\" was started with another input"};
    }
    planner p(in_, *state_, def_);
    finish(p, true);
    return std::nullopt;
  }
  def_ = &declared_.versions.front();
  if (std::optional<refusal> no = check_input(input)) {
    return no;
  }
  state_.emplace();
  state_->name = declared_.name;
  state_->id = text(in_.self.name);
  state_->definition = def_->hash;
  state_->input = std::move(input);
  state_->steps.resize(def_->steps.size());
  planner p(in_, *state_, def_);
  p.begin();
  p.advance();
  finish(p, true);
  return std::nullopt;
}

// What the templates want from the input is there, so that a mistake shows before anything runs.
std::optional<saga_flow::refusal> saga_flow::check_input(const flows::any_payload& input) const {
  if (def_->input_references.empty()) {
    return std::nullopt;
  }
  const std::optional<flows::json> value = flows::json_of(input);
  if (!value) {
    return refusal{SPAWN_E_INVALID,
                   "saga " + declared_.name + " takes JSON, and the input is a " + input.type_url};
  }
  for (const flows::reference& r : def_->input_references) {
    if (flows::find(*value, r.path) == nullptr) {
      return refusal{SPAWN_E_INVALID,
                     "saga " + declared_.name + ": there is no " + r.text + " in the input"};
    }
  }
  return std::nullopt;
}

void saga_flow::finish(planner& p, bool answer_caller) {
  const std::vector<std::uint64_t> answered =
      is_over() ? state_->waiters.take() : std::vector<std::uint64_t>{};
  std::string now = encode(*state_);
  if (now.size() > flows::scratch_bytes_max) {
    out_.fail(SPAWN_E_TOO_LARGE,
              "saga: the scratch would have " + std::to_string(now.size()) + " bytes");
    return;
  }
  p.flush(out_, text(in_.scratch), now);
  if (!answered.empty() || (answer_caller && in_.call_id != 0)) {
    const flows::any_payload status = flows::json_payload(status_of(*state_, def_));
    for (const std::uint64_t call_id : answered) {
      flows::reply(out_, call_id, status);
    }
    if (answer_caller) {
      flows::reply(out_, in_.call_id, status);
    }
  }
  if (p.ends()) {
    out_.add(SPAWN_WF_DONE);
  }
}

}  // namespace spawn::plugin::saga
