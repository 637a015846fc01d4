#include "swap/plugin_swaps.hpp"

#include <pthread.h>

#include "base/log.hpp"

namespace spawn {
namespace {

constexpr auto look_every = std::chrono::milliseconds(100);
constexpr std::uint32_t failing_looks_max = 30;

// What `to` asks for, of the plugin that the instance has.
result<plugin_request> request_for(const plugin_request& now, const std::string& to) {
  plugin_request out = now;
  out.sha256.clear();  // of the file that serves now
  out.version.clear();
  if (to.starts_with('/')) {
    out.path = to;
    return out;
  }
  const auto at = to.find('@');
  const std::string name = at == to.npos ? std::string() : to.substr(0, at);
  out.version = at == to.npos ? to : to.substr(at + 1);
  if (!name.empty() && name != now.use) {
    return fail(errc::invalid, "instance " + now.instance + " is a " + now.use + ", and " + name +
                                   " would not have its data; swap it for another version of " +
                                   now.use);
  }
  if (out.version.empty()) {
    return fail(errc::invalid, "\"" + to + "\" names no version; expected like 1.2.0, ^1.2, " +
                                   now.use + "@^1.2 or the absolute path of a file");
  }
  return out;
}

}  // namespace

plugin_swaps::plugin_swaps(plugin_manager& plugins,
                           std::vector<std::unique_ptr<swap_subject>> subjects,
                           const probation_limits& limits, load_fn load)
    : plugins_(plugins),
      subjects_(std::move(subjects)),
      limits_(limits),
      load_(load ? std::move(load)
                 : [&plugins](const plugin_request& of) { return plugins.load_apart(of); }),
      thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "swap");
}

plugin_swaps::~plugin_swaps() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  for (waiting& each : queue_) {
    each.done(fail(errc::shutdown, "the kernel is stopping"));
  }
  for (const auto& each : subjects_) {
    each->close();
  }
}

void plugin_swaps::begin(swap_order order, done_fn done) {
  {
    const std::lock_guard hold(mutex_);
    if (!stopping_ && queue_.size() < waiting_max) {
      queue_.push_back({std::move(order), std::move(done)});
      changed_.notify_all();
      return;
    }
  }
  done(fail(errc::unavailable, "too many swaps wait"));
}

void plugin_swaps::run() {
  std::unique_lock hold(mutex_);
  while (!stopping_) {
    if (watched_ != nullptr || has_old_) {
      changed_.wait_for(hold, look_every, [&] { return stopping_ || !queue_.empty(); });
    } else {
      changed_.wait(hold, [&] { return stopping_ || !queue_.empty(); });
    }
    if (stopping_) {
      return;
    }
    if (queue_.empty()) {
      hold.unlock();
      watch();
      tend();
    } else {
      waiting next = std::move(queue_.front());
      queue_.pop_front();
      hold.unlock();
      auto how = carry_out(next.order);
      if (!how) {
        SPAWN_LOG(warn, "a plugin was not swapped", {"instance", next.order.instance},
                  {"to", next.order.to}, {"why", how.error().text});
      }
      next.done(std::move(how));
      has_old_ = true;  // to be looked at
    }
    hold.lock();
  }
}

result<swap_subject*> plugin_swaps::subject_of(const swap_order& order) const {
  swap_subject* found = nullptr;
  for (const auto& each : subjects_) {
    if (each->request().instance != order.instance ||
        (!order.kind.empty() && each->request().kind != order.kind)) {
      continue;
    }
    if (found != nullptr) {
      return fail(errc::invalid, "there are a " + found->request().kind + " and a " +
                                     each->request().kind + " named " + order.instance +
                                     "; say which, as in " + each->request().kind + "/" +
                                     order.instance);
    }
    found = each.get();
  }
  if (found == nullptr && plugins_.find("actors", order.instance) != nullptr) {
    return fail(errc::unsupported, "instance " + order.instance +
                                       " has native actors, whose objects are in it; they are not "
                                       "swapped: restart the kernel");
  }
  if (found == nullptr) {
    return fail(errc::not_found, "there is no " +
                                     (order.kind.empty() ? std::string("plugin") : order.kind) +
                                     " instance " + order.instance);
  }
  return found;
}

result<swap_report> plugin_swaps::carry_out(const swap_order& order) {
  SPAWN_TRY(swap_subject* const subject, subject_of(order));
  SPAWN_TRY(const plugin_request wanted, request_for(subject->request(), order.to));
  SPAWN_TRY(loaded_plugin next, load_(wanted));
  const std::string name = next.library->manifest().name;
  if (name != subject->request().use) {
    return fail(errc::invalid, "instance " + order.instance + " is a " + subject->request().use +
                                   ", the file has a " + name);
  }
  if (watched_ != nullptr) {
    end_probation();
  }
  const op_figures before = op_figures::of(*subject->serving());
  SPAWN_TRY(const swap_report out, subject->swap_to(std::move(next), {.drain_ms = order.drain_ms}));
  SPAWN_LOG(info, "a plugin was swapped", {"instance", order.instance}, {"from", out.from},
            {"to", out.to}, {"pause_us", out.pause_us}, {"waited", out.waited},
            {"older_kept", out.older_kept});
  if (order.probation_ms != 0) {
    watched_ = subject;
    judge_.emplace(before, limits_);
    subject->serving()->core()->host.watch(true);
    failing_looks_ = 0;
    watched_until_ =
        std::chrono::steady_clock::now() + std::chrono::milliseconds(order.probation_ms);
  }
  return out;
}

void plugin_swaps::tend() {
  has_old_ = false;
  for (const auto& each : subjects_) {
    has_old_ = each->tend() || has_old_;
  }
}

void plugin_swaps::watch() {
  if (watched_ == nullptr) {
    return;
  }
  const plugin_instance& newest = *watched_->serving();
  if (newest.faulted()) {
    roll_back("it is faulted");
    return;
  }
  const auto health = newest.health();
  if (health.serving) {
    failing_looks_ -= failing_looks_ == 0 ? 0 : 1;
  } else if (++failing_looks_ >= failing_looks_max) {
    roll_back("it does not serve: " + health.why);
    return;
  }
  if (auto worse = judge_->verdict(op_figures::of(newest))) {
    roll_back(*worse);
    return;
  }
  if (std::chrono::steady_clock::now() >= watched_until_) {
    end_probation();
  }
}

void plugin_swaps::end_probation() {
  watched_->serving()->core()->host.watch(false);
  watched_ = nullptr;
}

void plugin_swaps::roll_back(const std::string& why) {
  swap_subject& subject = *std::exchange(watched_, nullptr);
  const std::string& instance = subject.request().instance;
  SPAWN_LOG(error, "a plugin that was swapped in fails its probation; the one before comes back",
            {"instance", instance}, {"plugin", subject.serving()->manifest().label()},
            {"why", why});
  auto last = plugins_.load_apart(subject.before(), subject.request());
  auto how = last ? subject.swap_to(std::move(*last), {})
                  : result<swap_report>(fail(std::move(last.error())));
  if (!how) {
    SPAWN_LOG(error, "the plugin before does not come back", {"instance", instance},
              {"why", how.error().text});
    return;
  }
  SPAWN_LOG(info, "a plugin was swapped back", {"instance", instance}, {"to", how->to},
            {"pause_us", how->pause_us});
}

}  // namespace spawn
