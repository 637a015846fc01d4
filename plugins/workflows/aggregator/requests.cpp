// add, flush and status.
#include "aggregator/flow.hpp"

namespace spawn::plugin::aggregator {
namespace {

using flows::json;

}  // namespace

void aggregate_flow::call() {
  const std::string_view action = text(in_.action);
  json answer;
  std::optional<refusal> no;
  if (action == "add") {
    no = add(answer);
  } else if (!state_) {
    no = refusal{SPAWN_E_NOT_FOUND, "aggregate " + def_.name + " \"" +
                                        std::string(text(in_.self.name)) + "\" has no messages"};
  } else if (action == "flush") {
    no = flush(answer);
  } else if (action == "status" || action == "get" || action.empty()) {
    answer = status_of(*state_);
  } else {
    no = refusal{SPAWN_E_UNSUPPORTED, "an aggregate has the actions add, flush and status, not \"" +
                                          std::string(flows::shortened(action, 64)) + "\""};
  }
  if (no) {
    flows::refuse(out_, in_.call_id, no->code, no->why);
    return;
  }
  finish();
  if (!forgets_) {
    flows::reply(out_, in_.call_id, flows::json_payload(answer));
  }
}

std::optional<aggregate_flow::refusal> aggregate_flow::key_of_request(std::string& key) const {
  if (!def_.key) {
    return std::nullopt;
  }
  const flows::any_payload input = flows::copy_of(in_.request);
  flows::source_values values;
  values.add("input", &input);
  try {
    key = def_.key->text(values);
  } catch (const flows::render_error& e) {
    return refusal{SPAWN_E_INVALID, e.what()};
  }
  if (key.empty() || key.size() > key_bytes_max) {
    return refusal{SPAWN_E_INVALID, def_.key->path() + ": a key has 1 to " +
                                        std::to_string(key_bytes_max) + " bytes"};
  }
  return std::nullopt;
}

std::optional<aggregate_flow::refusal> aggregate_flow::add(json& answer) {
  if (flows::size_of(in_.request) > item_bytes_max) {
    return refusal{SPAWN_E_TOO_LARGE,
                   "a message has at most " + std::to_string(item_bytes_max) + " bytes"};
  }
  const std::string item = flows::write_json(flows::shown(flows::copy_of(in_.request)));
  std::string key;
  if (std::optional<refusal> no = key_of_request(key)) {
    return no;
  }
  if (item.size() + 1 > def_.bytes) {
    return refusal{SPAWN_E_TOO_LARGE, "the message has " + std::to_string(item.size()) +
                                          " bytes as JSON, a batch at most " +
                                          std::to_string(def_.bytes)};
  }
  if (!state_) {
    create();
  }
  std::optional<std::size_t> at = find(key);
  if (at && state_->batches[*at].items.size() + 1 + item.size() > def_.bytes) {
    send(*at);
    at.reset();
  }
  if (!at) {
    if (state_->batches.size() >= batches_max ||
        state_->pending_bytes() + item.size() > pending_bytes_max) {
      return refusal{SPAWN_E_EXHAUSTED, "too many batches are open"};
    }
    if (std::optional<refusal> no = open(key)) {
      return no;
    }
    at = state_->batches.size() - 1;
  } else if (state_->pending_bytes() + 1 + item.size() > pending_bytes_max) {
    return refusal{SPAWN_E_EXHAUSTED, "the open batches are full"};
  }
  batch& b = state_->batches[*at];
  b.items += (b.count == 0 ? "" : ",") + item;
  b.count += 1;
  answer = {{"batch", batch_id(*state_, b)}, {"count", b.count}, {"sent", b.count >= def_.count}};
  if (def_.key) {
    answer["key"] = b.key;
  }
  if (b.count >= def_.count) {
    send(*at);
  }
  return std::nullopt;
}

// What depends on the actor's name is tried out here, so that a full batch can always be sent.
std::optional<aggregate_flow::refusal> aggregate_flow::open(std::string key) {
  batch b;
  b.key = std::move(key);
  b.number = ++state_->last_batch;
  b.since = in_.now_unix_ms;
  flows::source_values values = batch_values(def_.name, state_->id, b.key, batch_id(*state_, b));
  add_items(values, json::array());
  try {
    (void)def_.to.render(values, text(in_.self.system));
  } catch (const flows::render_error& e) {
    return refusal{SPAWN_E_INVALID, e.what()};
  }
  set_timer(b.timer, def_.timeout_ms);
  state_->batches.push_back(std::move(b));
  return std::nullopt;
}

// All, or the one that {"key": ...} names.
std::optional<aggregate_flow::refusal> aggregate_flow::flush(json& answer) {
  std::optional<json> given;
  if (flows::size_of(in_.request) <= item_bytes_max) {
    given = flows::json_of(flows::copy_of(in_.request));
  }
  const std::uint64_t before = state_->sent_batches;
  if (given && given->is_null()) {
    send_all();
  } else if (given && given->is_object() && given->size() == 1 && given->contains("key") &&
             flows::scalar_text((*given)["key"])) {
    if (const std::optional<std::size_t> at = find(*flows::scalar_text((*given)["key"]))) {
      send(*at);
    }
  } else {
    return refusal{SPAWN_E_INVALID, "flush takes nothing, or {\"key\": key}"};
  }
  answer = {{"sent_batches", state_->sent_batches - before}};
  return std::nullopt;
}

}  // namespace spawn::plugin::aggregator
