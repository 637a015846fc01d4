// The thread of a proxy: starts the process, listens to it, and starts another one.
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "plugin/contain.hpp"
#include "plugin/isolate/proxy.hpp"

namespace spawn::isolate {
namespace {

constexpr int frames_per_round = 256;      // of one channel, before the others get their go
constexpr std::uint64_t goodbye_ms = 500;  // for a child to end by itself
constexpr std::size_t line_bytes_max = 4'096;
constexpr std::uint64_t lines_per_s = 200;
constexpr std::uint64_t ping_every_ms_max = 500;
// Operations may wait for a server, longer than an answer takes.
constexpr std::uint64_t stuck_watchdogs = 6;
// When this thread itself did not run for so long, the machine was busy or asleep: nobody's answer
// is late then.
constexpr std::uint64_t own_stall_ms = 500;

}  // namespace

void proxy::run() {
  name_plugin_thread(options_.order.instance);
  woken_ns_ = now();
  launch();
  for (;;) {
    std::array<pollfd, 3> fds = {{{bell_, POLLIN, 0},
                                  {child_ ? child_->exit_fd() : -1, POLLIN, 0},
                                  {child_ ? child_->output() : -1, POLLIN, 0}}};
    const int wait_ms = poll_ms();
    const std::uint64_t before = now();
    ::poll(fds.data(), fds.size(), wait_ms);
    woken_ns_ = now();
    const std::uint64_t took_ms = (woken_ns_ - before) / ns_per_ms;
    if (took_ms > static_cast<std::uint64_t>(wait_ms) + own_stall_ms) {
      for (auto& each : channels_) {
        each->pinged_ns = woken_ns_;
        each->moved_ns = woken_ns_;
      }
    }
    if (fds[0].revents != 0) {
      hush_bell(bell_);
    }
    if (child_) {
      read_output();
      static_cast<void>(take_frames());
      if (fds[1].revents != 0) {
        // What it said before it died has been said.
        while (take_frames()) {
        }
        read_output();
        const std::string end = child_->reap();
        lost(cause_.empty() ? end : cause_);
      }
    }
    std::string condemned;
    {
      const std::lock_guard hold(mutex_);
      if (closing_) {
        break;
      }
      condemned.swap(condemned_);
    }
    if (!condemned.empty()) {
      give_up(std::move(condemned));
    }
    on_time();
  }
  if (child_) {
    pollfd end{child_->exit_fd(), POLLIN, 0};
    if (::poll(&end, 1, static_cast<int>(goodbye_ms)) == 0) {
      child_->kill();
    }
    read_output();
    static_cast<void>(child_->reap());
  }
  close_child();
}

int proxy::poll_ms() {
  std::uint64_t due = woken_ns_ + 60 * ns_per_s;
  if (phase_ == phase::launching || phase_ == phase::waiting) {
    due = due_ns_;
  } else if (phase_ == phase::up) {
    due = next_ping_ns_;
  }
  for (auto& each : channels_) {
    if (area_ && !each->receiver.broken() && !each->receiver.sleep()) {
      return 0;
    }
  }
  const std::uint64_t at = now();
  return due <= at ? 0 : static_cast<int>((due - at) / ns_per_ms + 1);
}

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
    tell_health(1, {});
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

void proxy::on_time() {
  const std::uint64_t at = now();
  if (phase_ == phase::launching && at >= due_ns_) {
    give_up(start_id_ != 0 ? "its start did not end in time" : "it was not ready in time");
    due_ns_ = at + 60 * ns_per_s;  // its end is at hand
  } else if (phase_ == phase::waiting && at >= due_ns_) {
    options_.facts->restarts.fetch_add(1);
    launch();
  } else if (phase_ == phase::up && at >= next_ping_ns_) {
    ping_all(at);
  }
}

void proxy::ping_all(std::uint64_t at) {
  const std::uint64_t every = std::min(options_.limits.watchdog_ms / 4 + 1, ping_every_ms_max);
  next_ping_ns_ = at + every * ns_per_ms;
  tell_time();
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    channel& each = *channels_[i];
    if (stuck(each, at)) {
      give_up("it has operations and ended none for " +
              std::to_string(options_.limits.watchdog_ms * stuck_watchdogs) + " ms");
    }
    if (each.pinged == 0) {
      encoder out = frame_of(frame::ping);
      each.pinged = ++last_ping_;
      each.pinged_ns = at;
      out.value(each.pinged);
      static_cast<void>(each.sender.send(out.out()));
    } else if (at - each.pinged_ns > options_.limits.watchdog_ms * ns_per_ms) {
      give_up((i == 0 ? "it" : "its lane " + std::to_string(i - 1)) + " did not answer for " +
              std::to_string(options_.limits.watchdog_ms) + " ms");
    }
  }
}

// A store with a thread of its own answers pings while that thread hangs in the plugin.
bool proxy::stuck(channel& at, std::uint64_t time) {
  std::size_t in_flight = 0;
  {
    const std::lock_guard hold(at.mutex);
    in_flight = at.in_flight.in_flight();
  }
  if (in_flight == 0 || options_.order.kind != "statestore" || &at == channels_[0].get()) {
    at.moved_ns = time;
  }
  return time - at.moved_ns > options_.limits.watchdog_ms * stuck_watchdogs * ns_per_ms;
}

// True when there was something, so that there may be more.
bool proxy::take_frames() {
  bool any = false;
  std::string bytes;
  for (std::uint32_t i = 0; i < channels_.size() && area_; ++i) {
    channel& each = *channels_[i];
    each.sender.go_on();
    for (int n = 0; n < frames_per_round && each.receiver.next(bytes); ++n) {
      any = true;
      take(i, std::move(bytes));
      bytes = {};
    }
    if (each.receiver.broken()) {
      give_up("it broke the protocol");
    }
  }
  return any;
}

void proxy::read_output() {
  std::array<char, 4'096> piece;
  for (int i = 0; i < 16; ++i) {
    const ssize_t n = ::read(child_->output(), piece.data(), piece.size());
    if (n <= 0) {
      break;
    }
    said_.append(piece.data(), static_cast<std::size_t>(n));
    for (std::size_t end = said_.find('\n'); end != said_.npos; end = said_.find('\n')) {
      write_line(std::string_view(said_).substr(0, std::min(end, line_bytes_max)));
      said_.erase(0, end + 1);
    }
    if (said_.size() > line_bytes_max) {
      write_line(said_);
      said_.clear();
    }
  }
}

// A line of the child's log, as the kernel's own; anything else as it is.
void proxy::write_line(std::string_view line) {
  if (woken_ns_ - said_since_ns_ > ns_per_s) {
    said_since_ns_ = woken_ns_;
    said_lines_ = 0;
  }
  if (++said_lines_ > lines_per_s || line.empty()) {
    return;
  }
  auto read = nlohmann::json::parse(line, nullptr, false);
  if (!read.is_object() || !read.contains("msg") || !read["msg"].is_string()) {
    SPAWN_LOG(warn, "a plugin's process wrote", {"instance", options_.order.instance},
              {"line", line});
    return;
  }
  const auto text = [&](const char* key) {
    const auto found = read.find(key);
    return found != read.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const log::level level = log::parse_level(text("level"));
  const std::string message = text("msg");
  const std::string plugin = text("plugin");
  for (const char* known : {"level", "msg", "time", "plugin", "instance"}) {
    read.erase(known);
  }
  std::string rest;
  for (const auto& [key, value] : read.items()) {
    rest += (rest.empty() ? "" : " ") + (key == "fields" ? std::string() : key + "=") +
            (value.is_string() ? value.get<std::string>() : value.dump());
  }
  if (log::enabled(level)) {
    log::write(level, message,
               {{"plugin", plugin}, {"instance", options_.order.instance}, {"fields", rest}});
  }
}

}  // namespace spawn::isolate
