#include "intake.hpp"

namespace grpc_source {

using spawn::plugin::text;

namespace {

// "Noop" and "JSONType" have a package of their own in each SDK: only the name counts.
std::string_view last_name(std::string_view type_url) {
  const auto at = type_url.find_last_of("./");
  return at == std::string_view::npos ? type_url : type_url.substr(at + 1);
}

std::string_view full_name(std::string_view type_url) {
  const auto at = type_url.rfind('/');
  return at == std::string_view::npos ? type_url : type_url.substr(at + 1);
}

constexpr const char* too_many = "too many requests are at work: try again later";

// The words clients know: they look for them.
std::string failed_for(const std::string& actor, std::string_view details) {
  return "Failed to invoke request for Actor " + actor + ". Details: " + std::string(details);
}

}  // namespace

intake::intake(spawn::plugin::activator_host to, std::string system)
    : host_(to), system_(std::move(system)) {}

status intake::ask(const method& m, std::string bytes, std::unique_ptr<spawn::plugin::delivery> d,
                   const std::shared_ptr<caller>& who, std::uint64_t ticket) {
  if (status s = address(m, std::move(bytes), *d); !s.ok()) {
    return s;
  }
  d->system = system_;
  d->flags = SPAWN_D_WANT_REPLY;
  d->attempt = 1;
  asked one{&m, system_.empty() ? d->name : system_ + ":" + d->name, who, ticket};
  const std::uint64_t token = d->token = last_token_.fetch_add(1) + 1;
  {
    const std::lock_guard hold(mutex_);
    if (!open_ || !admitting_ || paused_ || window_ == 0) {
      return {code::unavailable, "no requests are taken at the moment"};
    }
    if (asked_.size() >= window_) {
      return {code::resource_exhausted, too_many};
    }
    asked_.emplace(token, std::move(one));  // before the offer: its settle may come at once
    ++offering_;
  }
  const bool taken = host_.offer(0, d);
  std::unique_lock hold(mutex_);
  if (--offering_ == 0) {
    offered_.notify_all();
  }
  if (taken) {
    return {};
  }
  asked_.erase(token);
  drained_if_empty(hold);
  return {code::resource_exhausted, too_many};
}

void intake::open() {
  const std::lock_guard hold(mutex_);
  open_ = true;
}

void intake::set_window(std::uint32_t window, bool pause) {
  const std::lock_guard hold(mutex_);
  window_ = window;
  paused_ = pause;
}

answer intake::answer_of(const spawn_settle& s, const asked& to) {
  answer out;
  for (const spawn_kv& kv : std::span(s.reply_headers, s.n_reply_headers)) {
    out.headers.emplace_back(text(kv.key), text(kv.value));
  }
  const auto fail = [&](code what, std::string_view details) {
    out.how = {what, failed_for(to.actor, details)};
    return std::move(out);
  };
  if (s.verdict != SPAWN_ACK || s.status != SPAWN_OK) {
    const auto why = text(s.error);
    if (s.verdict == SPAWN_RETRY || s.verdict == SPAWN_RELEASE) {
      // Nobody will try it again but the caller.
      return fail(code::unavailable, why.empty() ? "try again later" : why);
    }
    code what = s.status == SPAWN_OK ? code::unknown : code_of(s.status);
    if (s.verdict == SPAWN_DEAD &&
        (what == code::unavailable || what == code::resource_exhausted)) {
      what = code::unknown;  // these two invite another try
    }
    return fail(what, why.empty() ? "it was not done" : why);
  }
  const auto type = text(s.reply.type_url);
  const bool wants_nothing = to.what->output() == "google.protobuf.Empty";
  if (s.reply.presence == SPAWN_P_NOOP || last_name(type) == "Noop") {
    return out;  // Empty is no bytes, which every message can be read from
  }
  if (s.reply.presence == SPAWN_P_UNSET || type.empty()) {
    return wants_nothing ? std::move(out) : fail(code::unknown, "the actor gave no answer");
  }
  if (full_name(type) != to.what->output()) {
    return fail(code::unknown, "the answer is a " + std::string(full_name(type)) + " and not a " +
                                   to.what->output());
  }
  out.value = text(s.reply.value);
  return out;
}

void intake::settle(std::span<const spawn_settle* const> verdicts) {
  for (const spawn_settle* s : verdicts) {
    if (s->verdict == SPAWN_EXTEND) {
      continue;
    }
    std::unique_lock hold(mutex_);
    const auto at = asked_.find(s->token);
    if (at == asked_.end()) {
      continue;
    }
    const asked to = std::move(at->second);
    asked_.erase(at);
    drained_if_empty(hold);
    hold.unlock();
    if (const auto who = to.who.lock()) {
      who->answered(to.ticket, answer_of(*s, to));
    }
  }
}

void intake::close() {
  std::unique_lock hold(mutex_);
  open_ = false;
  window_ = 0;
  // A host's offer does not block, so this is short.
  offered_.wait(hold, [this] { return offering_ == 0; });
  const auto left = std::exchange(asked_, {});
  drained_if_empty(hold);
  hold.unlock();
  for (const auto& [token, to] : left) {
    if (const auto who = to.who.lock()) {
      who->answered(to.ticket, {{code::unavailable,
                                 failed_for(to.actor, "the kernel stops; it may have been done")},
                                {},
                                {}});
    }
  }
}

void intake::admit(bool on) {
  const std::lock_guard hold(mutex_);
  admitting_ = on;
}

bool intake::serving() const {
  const std::lock_guard hold(mutex_);
  return open_ && admitting_ && !paused_;
}

std::size_t intake::in_flight() const {
  const std::lock_guard hold(mutex_);
  return asked_.size();
}

void intake::drained_if_empty(std::unique_lock<std::mutex>& held) {
  if (draining_ && asked_.empty()) {
    auto op = std::move(*draining_);
    draining_.reset();
    held.unlock();
    op.end(SPAWN_OK);
    held.lock();
  }
}

void intake::drain(spawn::plugin::pending<spawn_op> op) {
  std::unique_lock hold(mutex_);
  draining_.emplace(std::move(op));
  drained_if_empty(hold);
}

void intake::give_up_draining() {
  std::unique_lock hold(mutex_);
  if (draining_) {
    auto op = std::move(*draining_);
    draining_.reset();
    hold.unlock();
    op.end(SPAWN_OK);
  }
}

}  // namespace grpc_source
