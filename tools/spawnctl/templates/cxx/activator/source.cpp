#include "source.hpp"

#include <pthread.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

namespace fs = std::filesystem;
using spawn::plugin::delivery;

namespace {

constexpr int drain_turns_max = 50;

// Of the files that are there, in the order of their names.
std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> out;
  for (const fs::directory_entry& one : fs::directory_iterator(folder)) {
    if (one.is_regular_file()) {
      out.push_back(one.path().filename());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

source::source(spawn::plugin::host_ref host, std::string name, fs::path folder,
               std::uint32_t poll_ms)
    : host_(host), name_("sp." + name.substr(0, 12)), folder_(std::move(folder)), poll_(poll_ms) {}

void source::start() {
  const std::lock_guard hold(mutex_);
  quiesced_ = false;
  if (!thread_.joinable()) {
    thread_ = std::thread([this] { run(); });
    (void)::pthread_setname_np(thread_.native_handle(), name_.c_str());
  }
}

void source::quiesce() {
  const std::lock_guard hold(mutex_);
  quiesced_ = true;
}

void source::drain(spawn::plugin::pending<spawn_op> op) {
  const std::lock_guard hold(mutex_);
  draining_ = std::move(op);
}

void source::stop() {
  {
    const std::lock_guard hold(mutex_);
    stopping_ = true;
  }
  told_.notify_all();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void source::open_lane(bool open) {
  const std::lock_guard hold(offering_);
  lane_open_ = open;
}

void source::set_window(std::uint32_t window) {
  const std::lock_guard hold(mutex_);
  window_ = window;
}

void source::settle(std::span<const spawn_settle* const> verdicts) {
  const std::lock_guard hold(mutex_);
  for (const spawn_settle* one : verdicts) {
    verdicts_.push_back({one->token, one->verdict, one->delay_ms});
  }
  told_.notify_all();
}

// An exception in a thread of the plugin would end the process: it becomes a fault.
void source::run() {
  spawn::plugin::guarded(host_.host(), [this] {
    for (bool stopping = false; !stopping;) {
      std::vector<verdict> verdicts;
      {
        std::unique_lock hold(mutex_);
        told_.wait_for(hold, poll_, [this] { return stopping_ || !verdicts_.empty(); });
        verdicts.swap(verdicts_);
        stopping = stopping_;
      }
      for (const verdict& one : verdicts) {
        carry_out(one);
      }
      look();
      const std::lock_guard hold(mutex_);
      if (draining_ && (stopping || out_.empty() || ++drain_turns_ > drain_turns_max)) {
        std::exchange(draining_, std::nullopt)->end(SPAWN_OK);
      }
    }
  });
}

// The folder may be away: then nothing is done, and the file comes again.
void source::carry_out(const verdict& v) {
  const auto at = out_.find(v.token);
  if (at == out_.end() || v.kind == SPAWN_EXTEND) {
    return;
  }
  const std::string name = at->second;
  out_.erase(at);
  names_out_.erase(name);
  not_before_ns_.erase(name);
  std::error_code failed;
  if (v.kind == SPAWN_ACK) {
    fs::remove(folder_ / name, failed);
  } else if (v.kind == SPAWN_DEAD) {
    fs::create_directory(folder_ / "dead", failed);
    fs::rename(folder_ / name, folder_ / "dead" / name, failed);
  } else if (v.kind == SPAWN_RETRY && v.delay_ms != 0) {
    not_before_ns_[name] = host_.host().now_ns() + std::uint64_t{v.delay_ms} * 1'000'000;
  }
}

void source::look() {
  std::vector<std::string> names;
  std::string why;
  try {
    names = names_in(folder_);
  } catch (const fs::filesystem_error& e) {
    why = e.what();
  }
  if (serving_ != why.empty()) {
    serving_ = why.empty();
    host_.host().health(why.empty(), why);
  }
  for (const std::string& name : names) {
    const auto later = not_before_ns_.find(name);
    const bool due = later == not_before_ns_.end() || later->second <= host_.host().now_ns();
    if (due && !names_out_.contains(name) && (!may_offer() || !offer(name))) {
      return;
    }
  }
}

bool source::may_offer() {
  const std::lock_guard hold(mutex_);
  return !quiesced_ && !stopping_ && out_.size() < window_;
}

// False: the kernel takes no more now.
bool source::offer(const std::string& name) {
  std::ifstream file(folder_ / name, std::ios::binary);
  auto d = std::make_unique<delivery>();
  d->payload.assign(std::istreambuf_iterator<char>(file), {});
  if (file.bad() || !file.is_open()) {
    return true;  // it went away meanwhile
  }
  d->token = ++last_token_;
  d->source = "folder";
  d->dedup_id = name;
  d->order_key = name.substr(name.find('-') + 1);
  // Known before it is offered: the verdict may come before offer() returns.
  out_[d->token] = name;
  names_out_.insert(name);
  const std::lock_guard hold(offering_);
  if (lane_open_ && host_.offer(0, d)) {
    return true;
  }
  out_.erase(last_token_);
  names_out_.erase(name);
  return false;
}
