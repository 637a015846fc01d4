#include "plugin/ports/loaded_actors_port.hpp"

#include "plugin/lane_barrier.hpp"
#include "plugin/status.hpp"

namespace spawn {
namespace {

std::string refused_open(const instance_core& core, const char* what, spawn_status status) {
  return "instance " + core.name + ": " + what + " answered " +
         std::string(name(status == SPAWN_OK ? errc::internal : known_status(status)));
}

}  // namespace

loaded_actors_port::loaded_actors_port(std::shared_ptr<instance_core> core,
                                       const spawn_actors* table, const spawn_live_actors* live,
                                       std::string registration)
    : registered_port(core),
      shared_(new shared{core, table, live, std::vector<slot>(core->loops.lanes->size())}),
      registration_(std::move(registration)) {}

bool loaded_actors_port::is_live(std::uint32_t type) const noexcept {
  bool out = false;
  const std::string threw = contained(
      [&] { out = shared_->live != nullptr && shared_->live->is_live(core_->raw, type) != 0; });
  return threw.empty() && out;
}

bool loaded_actors_port::open(slot& s, std::uint32_t lane, std::string& why) {
  if (s.handle != nullptr) {
    return true;
  }
  if (shared_->table->submit == nullptr) {
    why = "instance " + core_->name + ": it has no submit, and an actor of it is not live";
    return false;
  }
  spawn_status status = SPAWN_E_INTERNAL;
  spawn_actors_lane* made = nullptr;
  const bool returned = core_->call(s.times, "lane_open", true, [&] {
    status = shared_->table->lane_open(core_->raw, lane, &made);
  });
  if (returned && status == SPAWN_OK && made != nullptr) {
    s.handle = made;
    return true;
  }
  why = refused_open(*core_, "lane_open", status);
  return false;
}

void loaded_actors_port::submit(lane& from, std::span<spawn_op* const> ops) {
  if (ops.empty()) {
    return;
  }
  if (!core_->accepts()) {
    core_->refuse(ops);
    return;
  }
  slot& s = shared_->slots[from.index()];
  std::string why;
  if (!open(s, from.index(), why)) {
    for (spawn_op* raw : ops) {
      end_here(*raw, errc::unavailable, why);
    }
    return;
  }
  s.flights.add(ops, from.now_ns());
  const bool returned = core_->call(s.times, "submit", false, [&] {
    shared_->table->submit(s.handle, ops.data(), static_cast<std::uint32_t>(ops.size()));
  });
  if (!returned) {
    core_->ended_here += s.flights.log.end_newest(ops.size(), errc::internal,
                                                  "the actors plugin threw an exception");
  }
}

result<actors_port::live_channel> loaded_actors_port::open_live(lane& at,
                                                                const spawn_live_host& host) {
  slot& s = shared_->slots[at.index()];
  if (s.live == nullptr) {
    spawn_status status = SPAWN_E_INTERNAL;
    spawn_live_lane* made = nullptr;
    const bool returned = core_->call(s.times, "lane_open", true, [&] {
      status = shared_->live->lane_open(core_->raw, at.index(), &host, &made);
    });
    if (!returned || status != SPAWN_OK || made == nullptr) {
      return fail(errc::unavailable, refused_open(*core_, "lane_open of live actors", status));
    }
    s.live = made;
  }
  return live_channel{shared_->live, s.live};
}

bool loaded_actors_port::call_live(lane& at, const char* what, void (*f)(void*), void* with) {
  return core_->call(shared_->slots[at.index()].times, what, false, [&] { f(with); });
}

void loaded_actors_port::close_live(lane& at) {
  slot& s = shared_->slots[at.index()];
  if (spawn_live_lane* handle = std::exchange(s.live, nullptr)) {
    static_cast<void>(
        core_->call(s.times, "lane_close", true, [&] { shared_->live->lane_close(handle); }));
  }
}

void loaded_actors_port::at_close(std::uint32_t lane, unique_function<void()> f) {
  shared_->slots[lane].closing = std::move(f);
}

std::uint64_t loaded_actors_port::submitted() const noexcept {
  std::uint64_t n = 0;
  for (const slot& s : shared_->slots) {
    n += s.flights.submitted.load(std::memory_order_acquire);
  }
  return n;
}

void loaded_actors_port::add_times(call_times& sum) const noexcept {
  for (const slot& s : shared_->slots) {
    s.times.add_to(sum);
  }
}

void loaded_actors_port::list_unfinished(std::vector<unfinished_op>& out) const {
  for (std::uint32_t i = 0; i < shared_->slots.size(); ++i) {
    shared_->slots[i].flights.log.list(core_->time.now_ns(), i, out);
  }
}

result<void> loaded_actors_port::close(bool lanes_run, std::uint64_t limit_ms) {
  return on_each_lane(*core_->loops.lanes, lanes_run, limit_ms, [s = shared_](lane& at) {
    slot& mine = s->slots[at.index()];
    if (mine.closing) {
      std::exchange(mine.closing, nullptr)();
    }
    if (mine.handle != nullptr && mine.flights.log.all_ended()) {
      spawn_actors_lane* handle = std::exchange(mine.handle, nullptr);
      static_cast<void>(
          s->core->call(mine.times, "lane_close", true, [&] { s->table->lane_close(handle); }));
    }
  });
}

}  // namespace spawn
