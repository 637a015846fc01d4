// A proxy's process: started, in service, lost, and started again. [proxy thread]
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "plugin/isolate/proxy.hpp"

namespace spawn::isolate {

void proxy::launch() {
  const auto failed = [&](const error& why) { lost(why.text); };
  phase_ = phase::launching;
  due_ns_ = now() + (options_.order.limit_ms + launch_ms) * ns_per_ms;
  cause_.clear();
  {
    const std::lock_guard hold(mutex_);
    condemned_.clear();  // of the one before
  }
  if (program_.empty()) {
    auto found = find_host_program();
    if (!found) {
      return failed(found.error());
    }
    program_ = std::move(*found);
  }
  auto area = shared_area::make(static_cast<std::uint32_t>(channels_.size()));
  if (!area) {
    return failed(area.error());
  }
  area_ = std::move(*area);
  std::vector<int> fds = {area_->fd(), bell_};
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    child_bells_.push_back(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    fds.push_back(child_bells_.back());
  }
  auto started = child_process::start(program_, fds);
  if (!started) {
    return failed(started.error());
  }
  child_.emplace(std::move(*started));
  options_.facts->pid = child_->pid();
  {
    const std::lock_guard hold(mutex_);
    ++epoch_;
    told_ = &area_->time();
    if (own_clock_) {
      put_time();
    }
  }
  for (std::uint32_t i = 0; i < channels_.size(); ++i) {
    channel& each = *channels_[i];
    each.receiver = frame_receiver(area_->reader(i, false), child_bells_[i]);
    each.sender.bind(area_->writer(i, true), child_bells_[i]);
    each.pinged = 0;
  }
  encoder order = frame_of(frame::create);
  fields(order, options_.order);
  static_cast<void>(channels_[0]->sender.send(order.out()));
}

void proxy::created(created_answer answer) {
  if (answer.status != SPAWN_OK) {
    give_up("create failed: " + answer.text);
    const std::lock_guard hold(mutex_);
    if (!answered_) {
      answered_ = true;
      made_ = std::move(answer);
      changed_.notify_all();
    }
    return;
  }
  options_.facts->set_sandbox(answer.sandbox);
  {
    const std::lock_guard hold(channels_[0]->mutex);
    channels_[0]->up = true;
  }
  phase_ = phase::up;
  up_since_ns_ = now();
  next_ping_ns_ = up_since_ns_;
  bool starts_again = false;
  {
    const std::lock_guard hold(mutex_);
    if (!answered_) {
      answered_ = true;
      made_ = std::move(answer);
      changed_.notify_all();
    }
    starts_again = wanted_ == life_step::start;
  }
  if (!starts_again) {
    return begin_service();
  }
  phase_ = phase::launching;  // until it is started
  encoder out = frame_of(frame::life);
  start_id_ = ++last_ping_;
  spawn_op start{};
  start.deadline_ns = due_ns_;
  out.value(start_id_);
  out.value(static_cast<std::uint8_t>(life_step::start));
  encode_ask(out, op_form::life, start);
  static_cast<void>(channels_[0]->sender.send(out.out()));
}

// The instance is as the kernel wants it: operations may go to it.
void proxy::begin_service() {
  phase_ = phase::up;
  start_id_ = 0;
  up_since_ns_ = now();
  next_ping_ns_ = up_since_ns_;
  resume_transport();
  bool again = false;
  {
    const std::lock_guard hold(mutex_);
    again = !down_.empty();
    down_.clear();
    if (activator_open_) {
      encoder out = frame_of(frame::set_window);
      out.value(window_);
      out.value(pause_);
      static_cast<void>(channels_[1]->sender.send(out.out()));
    }
  }
  for (std::size_t i = 1; i < channels_.size(); ++i) {
    const std::lock_guard hold(channels_[i]->mutex);
    channels_[i]->moved_ns = up_since_ns_;
    channels_[i]->up = true;
  }
  if (again) {
    SPAWN_LOG(info, "a plugin's process serves again", {"instance", options_.order.instance},
              {"pid", options_.facts->pid.load()}, {"restarts", options_.facts->restarts.load()});
    if (options_.order.kind != "transport") {  // that one tells when its link is up
      tell_health(1, {});
    }
  }
}

void proxy::give_up(std::string cause) {
  if (cause_.empty()) {
    cause_ = std::move(cause);
  }
  if (child_) {
    child_->kill();
  }
}

void proxy::close_child() {
  options_.facts->pid = 0;
  {
    const std::lock_guard hold(mutex_);
    told_ = nullptr;
  }
  for (auto& each : channels_) {
    const std::lock_guard hold(each->mutex);
    each->up = false;
    each->sender.unbind();
    each->receiver = {};
    each->pinged = 0;
  }
  child_.reset();
  area_.reset();
  for (const int fd : child_bells_) {
    ::close(fd);
  }
  child_bells_.clear();
}

void proxy::lost(const std::string& cause) {
  const bool served = phase_ == phase::up;
  const std::string why =
      "the process of plugin instance " + options_.order.instance + " ended: " + cause;
  options_.facts->set_cause(cause);
  std::vector<std::vector<flights::flight>> gone;
  std::size_t operations = 0;
  {
    // Before any op ends, so that what is sent next knows why it is refused.
    const std::lock_guard hold(mutex_);
    down_ = why;
    for (auto& [id, each] : asked_) {
      each->done = true;
    }
    changed_.notify_all();
  }
  for (auto& each : channels_) {
    const std::lock_guard hold(each->mutex);
    each->up = false;
    gone.push_back(each->in_flight.take_all());
    operations += gone.back().size();
  }
  close_child();
  start_id_ = 0;
  said_.clear();
  bool again = false;
  {
    const std::lock_guard hold(mutex_);
    if (!answered_) {
      // The one who creates it is told, and destroys it.
      answered_ = true;
      made_.status = SPAWN_E_INTERNAL;
      made_.text = why;
      changed_.notify_all();
    } else {
      again = !closing_ && wanted_ != life_step::stop && made_.status == SPAWN_OK;
    }
  }
  if (!again) {
    phase_ = phase::ended;
    for (std::size_t i = 0; i < gone.size(); ++i) {
      end_lost(*channels_[i], gone[i], why);
    }
    return;
  }
  const std::uint64_t long_ns =
      std::max<std::uint64_t>(options_.limits.restart_max_ms, 10'000) * ns_per_ms;
  failures_ = served && now() - up_since_ns_ > long_ns ? 0 : failures_ + 1;
  const std::uint32_t doublings = failures_ == 0 ? 0 : std::min(failures_ - 1, 20u);
  std::uint64_t wait_ms =
      std::min(options_.limits.restart_max_ms, options_.limits.restart_min_ms << doublings);
  wait_ms = wait_ms * 3 / 4 + rng_.below(wait_ms / 2 + 1);
  phase_ = phase::waiting;
  due_ns_ = now() + wait_ms * ns_per_ms;
  SPAWN_LOG(error, "a plugin's process ended", {"instance", options_.order.instance},
            {"why", cause}, {"again_in_ms", wait_ms}, {"operations", operations});
  tell_health(0, {why.data(), why.size()});
  for (std::size_t i = 0; i < gone.size(); ++i) {
    end_lost(*channels_[i], gone[i], why);
  }
}

void proxy::end_lost(channel& at, const std::vector<flights::flight>& lost,
                     const std::string& why) {
  for (const flights::flight& each : lost) {
    each.op->status = status_when_lost(each.form, *each.op);
    note_end(each);
    if (take_own(each)) {
      continue;
    }
    const bool is_over =
        each.form == op_form::life && each.step != static_cast<std::uint8_t>(life_step::start);
    if (is_over) {
      end(each.op, SPAWN_OK, {});
    } else {
      end(each.op, each.op->status, why);
    }
  }
  if (&at != channels_[0].get()) {
    steps_completed(at, lost.size());
  }
}

}  // namespace spawn::isolate
