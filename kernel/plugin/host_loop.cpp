#include "plugin/host_loop.hpp"

#include "lane/post.hpp"
#include "plugin/contain.hpp"
#include "plugin/host_table.hpp"

namespace spawn {

struct host_loop::plugin_timer : timer {
  shared* owner = nullptr;
  std::uint32_t lane = 0;
  std::uint64_t id = 0;
  spawn_task_fn fn = nullptr;
  void* arg = nullptr;
};

host_loop::host_loop(host_table& host, lane_loops loops)
    : loops_(std::move(loops)), shared_(std::make_shared<shared>()) {
  shared_->host = &host;
  shared_->slots.resize(loops_.lanes->size());
}

// By now every slot is closed, or no lane runs.
host_loop::~host_loop() {
  for (std::uint32_t lane = 0; lane < shared_->slots.size(); ++lane) {
    close_lane(lane);
  }
}

void host_loop::call(host_table& host, spawn_task_fn fn, void* arg, std::uint32_t events) noexcept {
  const std::string threw = contained([&] { fn(arg, events); });
  if (!threw.empty()) {
    host.fault(errc::internal, "a task on a lane " + threw);
  }
}

bool host_loop::known(std::uint32_t lane, const char* what) noexcept {
  if (lane < shared_->slots.size()) {
    return true;
  }
  shared_->host->fault(errc::invalid, std::string(what) + " on lane " + std::to_string(lane) +
                                          ", which does not exist");
  return false;
}

void host_loop::post(std::uint32_t lane, spawn_task_fn fn, void* arg) noexcept {
  if (fn == nullptr || !known(lane, "post")) {
    return;
  }
  spawn::post((*loops_.lanes)[lane], [keep = shared_, lane, fn, arg] {
    if (!keep->slots[lane].closed) {
      call(*keep->host, fn, arg, 0);
    }
  });
}

std::uint64_t host_loop::arm(std::uint32_t lane, std::uint64_t at_ns, spawn_task_fn fn, void* arg) {
  if (fn == nullptr || !known(lane, "timer") || shared_->slots[lane].closed) {
    return 0;
  }
  slot& s = shared_->slots[lane];
  auto made = std::make_unique<plugin_timer>();
  made->owner = shared_.get();
  made->lane = lane;
  made->id = ++s.last_id;
  made->fn = fn;
  made->arg = arg;
  made->fire = [](timer& t) {
    auto& mine = static_cast<plugin_timer&>(t);
    shared& all = *mine.owner;
    // Gone before the call: the plugin may arm or cancel inside it.
    const auto node = all.slots[mine.lane].timers.extract(mine.id);
    call(*all.host, mine.fn, mine.arg, 0);
  };
  (*loops_.lanes)[lane].timers().arm(*made, at_ns);
  const std::uint64_t id = made->id;
  s.timers.emplace(id, std::move(made));
  return id;
}

void host_loop::cancel(std::uint32_t lane, std::uint64_t id) noexcept {
  if (known(lane, "timer_cancel")) {
    shared_->slots[lane].timers.erase(id);
  }
}

spawn_status host_loop::watch(std::uint32_t lane, int fd, std::uint32_t events, spawn_task_fn fn,
                              void* arg) noexcept {
  if (fn == nullptr || !known(lane, "fd_watch")) {
    return SPAWN_E_INVALID;
  }
  slot& s = shared_->slots[lane];
  if (s.closed) {
    return SPAWN_E_SHUTDOWN;
  }
  if (lane >= loops_.io.size() || loops_.io[lane] == nullptr) {
    return SPAWN_E_UNSUPPORTED;
  }
  const auto watching =
      loops_.io[lane]->watch(fd, events, [keep = shared_, lane, fd, fn, arg](std::uint32_t seen) {
        if (keep->slots[lane].fds.contains(fd)) {
          call(*keep->host, fn, arg, seen);
        }
      });
  if (!watching) {
    return static_cast<spawn_status>(watching.error().code);
  }
  s.fds.insert(fd);
  return SPAWN_OK;
}

void host_loop::unwatch(std::uint32_t lane, int fd) noexcept {
  if (known(lane, "fd_unwatch") && shared_->slots[lane].fds.erase(fd) != 0) {
    loops_.io[lane]->unwatch(fd);
  }
}

void host_loop::close_lane(std::uint32_t lane) noexcept {
  slot& s = shared_->slots[lane];
  s.closed = true;
  s.timers.clear();
  for (const int fd : s.fds) {
    loops_.io[lane]->unwatch(fd);
  }
  s.fds.clear();
}

}  // namespace spawn
