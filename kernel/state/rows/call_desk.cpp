#include "state/rows/call_desk.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "base/limits.hpp"

namespace spawn {
namespace {

outcome in_progress() {
  return outcome::failed(failure::call_in_progress,
                         "the call with this idempotency-key has not come to its end yet; repeat "
                         "it later");
}

}  // namespace

struct call_desk::asking {
  call_desk* desk = nullptr;
  std::string key;
  found_fn done;
};

struct call_desk::waiting {
  call_desk* desk = nullptr;
  std::uint32_t store = 0;
  std::string key;
  std::uint64_t pause_ms = limits::running_call_look_first_ms;
  invocation_ptr repeat;  // null: it was answered
  struct look_timer : timer {
    std::weak_ptr<waiting> of;
  } next;
};

call_desk::call_desk(lane& home, std::vector<journal*> stores, record_codec& codec)
    : lane_(home), stores_(std::move(stores)), codec_(codec) {}

call_desk::~call_desk() = default;

std::optional<std::uint32_t> call_desk::store_named(std::string_view name) const {
  const auto at = std::find_if(stores_.begin(), stores_.end(),
                               [&](const journal* each) { return each->store().name() == name; });
  if (at == stores_.end()) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(at - stores_.begin());
}

void call_desk::look(std::uint32_t store, std::string key, found_fn done) {
  load_request* request = loads_.take();
  request->clear();
  auto* job = new asking{this, std::move(key), std::move(done)};
  request->owner = job;
  request->raw.key = slice_of(job->key);
  request->raw.key_hash = hash_bytes(job->key);
  request->ended = [](load_request& ended) {
    const std::unique_ptr<asking> mine(static_cast<asking*>(ended.owner));
    call_desk& desk = *mine->desk;
    const errc status = ended.status();
    result<call_row> found = fail(status, take_error_text(ended.raw.op));
    if (status == errc::ok || status == errc::not_found) {
      found = open_call(desk.codec_, mine->key, status, ended.raw.out);
    }
    release(ended.raw.out);
    desk.loads_.give_back(&ended);
    mine->done(std::move(found));
  };
  stores_[store]->submit(*request, SPAWN_SS_LOAD, 0);
}

void call_desk::wait(invocation_ptr repeat, std::uint32_t store, std::string key) {
  if (stopped_ || repeats_.size() >= repeats_max) {
    repeat->answer(in_progress());
    return;
  }
  auto who = std::make_shared<waiting>();
  who->desk = this;
  who->store = store;
  who->key = std::move(key);
  who->repeat = std::move(repeat);
  who->next.of = who;
  who->next.fire = [](timer& t) {
    if (const auto due = static_cast<waiting::look_timer&>(t).of.lock()) {
      due->desk->look_again(due);
    }
  };
  repeats_.push_back(who);
  arm(who);
}

void call_desk::arm(const std::shared_ptr<waiting>& who) {
  lane_.timers().arm(
      who->next, std::min(who->repeat->deadline_ns, lane_.now_ns() + who->pause_ms * ns_per_ms));
  who->pause_ms = std::min(who->pause_ms * 2, limits::running_call_look_max_ms);
}

void call_desk::look_again(const std::shared_ptr<waiting>& who) {
  if (who->repeat->deadline_ns <= lane_.now_ns()) {
    end(who, in_progress());
    return;
  }
  // Whoever waits is answered by its deadline, whether the store has answered or not.
  lane_.timers().arm(who->next, who->repeat->deadline_ns);
  look(who->store, who->key, [this, who](result<call_row> found) {
    if (!who->repeat) {
      return;
    }
    if (!found || (found->is_there && found->state == call_state::running)) {
      arm(who);
    } else {
      end(who, found->is_there ? found->answer() : in_progress());
    }
  });
}

void call_desk::end(const std::shared_ptr<waiting>& who, outcome with) {
  who->next.unlink();
  const invocation_ptr repeat = std::move(who->repeat);
  std::erase(repeats_, who);
  repeat->answer(std::move(with));
}

void call_desk::stop() {
  stopped_ = true;
  while (!repeats_.empty()) {
    const std::shared_ptr<waiting> who = repeats_.back();
    end(who, outcome::failed(failure::shutting_down, "this kernel is draining"));
  }
}

}  // namespace spawn
