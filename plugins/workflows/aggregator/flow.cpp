#include "aggregator/flow.hpp"

#include <algorithm>

#include "flow-common/duration.hpp"

namespace spawn::plugin::aggregator {

void aggregate_flow::run() {
  try {
    run_event();
  } catch (const std::runtime_error& e) {  // a batch that can not be read or sent stays as it is
    out_.fail(SPAWN_E_INVALID, e.what());
  }
}

void aggregate_flow::run_event() {
  if (in_.scratch.len != 0) {
    if (in_.scratch_schema == scratch_schema) {
      state_ = decode(in_.scratch);
    }
    if (!state_) {
      out_.fail(SPAWN_E_INVALID, "aggregator: the scratch can not be read");
      return;
    }
  }
  if (in_.event == SPAWN_WF_CALL) {
    call();
    return;
  }
  if (!state_) {
    return;
  }
  if (in_.event == SPAWN_WF_TIMER) {
    on_timer();
  } else if (in_.event == SPAWN_WF_CANCEL) {
    send_all();
    forgets_ = true;
  }
  finish();
}

void aggregate_flow::on_timer() {
  if (in_.token == 0) {
    return;
  }
  if (in_.token == state_->idle_timer) {
    state_->idle_timer = 0;
    forgets_ = state_->batches.empty();
    return;
  }
  const auto found = std::ranges::find(state_->batches, in_.token, &batch::timer);
  if (found != state_->batches.end()) {
    found->timer = 0;
    send(static_cast<std::size_t>(found - state_->batches.begin()));
  }
}

// Batches are numbered from the moment the aggregate came to be, so that one that was forgotten
// and begins anew does not use a number twice.
void aggregate_flow::create() {
  state_.emplace();
  state_->name = def_.name;
  state_->id = text(in_.self.name);
  state_->last_batch =
      static_cast<std::uint64_t>(std::max<std::int64_t>(in_.now_unix_ms, 1)) * 1'000;
}

void aggregate_flow::set_timer(std::uint64_t& slot, std::uint64_t after_ms) {
  slot = ++state_->last_token;
  timers_.emplace_back(slot, flows::later(in_.now_unix_ms, after_ms));
}

void aggregate_flow::cancel_timer(std::uint64_t& slot) {
  if (slot != 0) {
    drops_.push_back(slot);
    slot = 0;
  }
}

std::optional<std::size_t> aggregate_flow::find(std::string_view key) const {
  const auto found = std::ranges::find(state_->batches, key, &batch::key);
  return found == state_->batches.end()
             ? std::nullopt
             : std::optional(static_cast<std::size_t>(found - state_->batches.begin()));
}

void aggregate_flow::send(std::size_t index) {
  batch& b = state_->batches[index];
  cancel_timer(b.timer);
  // The items may nest as deep as anything that is read, and stand one level below.
  std::optional<flows::json> items =
      flows::read_json("[" + b.items + "]", flows::json_depth_max + 1);
  if (!items) {
    throw std::runtime_error("aggregator: the items in the scratch can not be read");
  }
  outgoing o;
  o.batch = batch_id(*state_, b);
  flows::source_values values = batch_values(def_.name, state_->id, b.key, o.batch);
  flows::json content{{"aggregate", def_.name}, {"id", state_->id}, {"key", b.key},
                      {"batch", o.batch},       {"count", b.count}, {"items", *items}};
  add_items(values, std::move(*items));
  o.call = def_.to.render(values, text(in_.self.system));
  if (!def_.has_payload) {
    o.call.payload = flows::json_payload(content);
  }
  calls_.push_back(std::move(o));
  state_->sent_batches += 1;
  state_->sent_items += b.count;
  state_->batches.erase(state_->batches.begin() + static_cast<std::ptrdiff_t>(index));
}

void aggregate_flow::send_all() {
  while (!state_->batches.empty()) {
    send(0);
  }
}

void aggregate_flow::finish() {
  if (state_->batches.empty() && state_->idle_timer == 0 && !forgets_) {
    set_timer(state_->idle_timer, def_.idle_ms);
  } else if (!state_->batches.empty()) {
    cancel_timer(state_->idle_timer);
  }
  const std::string now = encode(*state_);
  if (now.size() > flows::scratch_bytes_max) {
    out_.fail(SPAWN_E_TOO_LARGE,
              "aggregator: the scratch would have " + std::to_string(now.size()) + " bytes");
    return;
  }
  if (!forgets_ && now != text(in_.scratch)) {
    const spawn_slice bytes = out_.copy(now);
    spawn_wf_command& c = out_.add(SPAWN_WF_SCRATCH);
    c.bytes = bytes;
    c.schema = scratch_schema;
  }
  for (const std::uint64_t token : drops_) {
    out_.add(SPAWN_WF_DROP).token = token;
  }
  for (const outgoing& o : calls_) {
    flows::add_invoke(out_, o.call, in_.self,
                      {{"spawn-aggregate-batch", o.batch}, {"spawn-aggregate-name", def_.name}})
        .mode = SPAWN_WF_DETACH;
  }
  for (const auto& [token, due] : timers_) {
    spawn_wf_command& c = out_.add(SPAWN_WF_SET_TIMER);
    c.token = token;
    c.due_unix_ms = due;
  }
  if (forgets_) {
    out_.add(SPAWN_WF_DONE);
  }
}

}  // namespace spawn::plugin::aggregator
