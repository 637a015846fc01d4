#include "plugin/host_interfaces.hpp"

#include <string_view>

#include "plugin/blocking_pool.hpp"
#include "plugin/host_loop.hpp"
#include "plugin/host_metrics.hpp"
#include "plugin/transport_sink.hpp"
#include "spawn/plugin/transport.h"

namespace spawn {
namespace {

// --- spawn.host.metrics/1 ---------------------------------------------------------------------

std::uint32_t define(const spawn_host* h, std::uint32_t type, const char* name, const char* help,
                     const char* const* labels, std::uint32_t n) noexcept {
  host_table* host = owner_of(h);
  return host != nullptr ? host->services.metrics->define(type, name, help, labels, n) : 0;
}

void add(const spawn_host* h, std::uint32_t metric, const spawn_slice* labels, double v) noexcept {
  if (host_table* host = owner_of(h)) {
    host->services.metrics->add(metric, labels, v);
  }
}

void observe(const spawn_host* h, std::uint32_t metric, const spawn_slice* labels,
             double v) noexcept {
  if (host_table* host = owner_of(h)) {
    host->services.metrics->observe(metric, labels, v);
  }
}

// --- spawn.host.loop/1 --------------------------------------------------------------------------

void post(const spawn_host* h, std::uint32_t lane, spawn_task_fn fn, void* arg) noexcept {
  if (host_table* host = owner_of(h)) {
    host->services.loop->post(lane, fn, arg);
  }
}

std::uint64_t timer(const spawn_host* h, std::uint32_t lane, std::uint64_t at_ns, spawn_task_fn fn,
                    void* arg) noexcept {
  host_table* host = owner_of(h);
  return host != nullptr ? host->services.loop->arm(lane, at_ns, fn, arg) : 0;
}

void timer_cancel(const spawn_host* h, std::uint32_t lane, std::uint64_t id) noexcept {
  if (host_table* host = owner_of(h)) {
    host->services.loop->cancel(lane, id);
  }
}

spawn_status fd_watch(const spawn_host* h, std::uint32_t lane, int fd, std::uint32_t events,
                      spawn_task_fn fn, void* arg) noexcept {
  host_table* host = owner_of(h);
  return host != nullptr ? host->services.loop->watch(lane, fd, events, fn, arg) : SPAWN_E_SHUTDOWN;
}

void fd_unwatch(const spawn_host* h, std::uint32_t lane, int fd) noexcept {
  if (host_table* host = owner_of(h)) {
    host->services.loop->unwatch(lane, fd);
  }
}

// --- spawn.host.blocking/1
// ------------------------------------------------------------------------

spawn_status run(const spawn_host* h, spawn_task_fn fn, void* arg) noexcept {
  host_table* host = owner_of(h);
  return host != nullptr ? host->services.blocking->run(fn, arg) : SPAWN_E_SHUTDOWN;
}

// --- spawn.host.transport/1
// -----------------------------------------------------------------------

void deliver(const spawn_host* h, std::uint32_t, const spawn_tp_message* m,
             std::uint32_t n) noexcept {
  host_table* host = owner_of(h);
  auto* sink = host != nullptr ? host->services.transport.load() : nullptr;
  if (sink != nullptr) {
    sink->deliver(m, n);
    return;
  }
  for (std::uint32_t i = 0; m != nullptr && i < n; ++i) {
    spawn_buf payload = m[i].payload;
    release(payload);
  }
}

void link_state(const spawn_host* h, std::uint32_t up) noexcept {
  if (host_table* host = owner_of(h)) {
    host->health(up != 0, up != 0 ? "" : "the link is down");
  }
}

constexpr spawn_host_metrics metrics_table{sizeof(spawn_host_metrics), 0, define, add, observe};
constexpr spawn_host_loop loop_table{
    sizeof(spawn_host_loop), 0, post, timer, timer_cancel, fd_watch, fd_unwatch};
constexpr spawn_host_blocking blocking_table{sizeof(spawn_host_blocking), 0, run};
constexpr spawn_host_transport transport_table{sizeof(spawn_host_transport), 0, deliver,
                                               link_state};

}  // namespace

const void* find_host_interface(const host_services& services, const char* id) noexcept {
  const std::string_view wanted(id);
  if (wanted == SPAWN_HOST_METRICS && services.metrics != nullptr) {
    return &metrics_table;
  }
  if (wanted == SPAWN_HOST_LOOP && services.loop != nullptr) {
    return &loop_table;
  }
  if (wanted == SPAWN_HOST_BLOCKING && services.blocking != nullptr) {
    return &blocking_table;
  }
  if (wanted == SPAWN_HOST_TRANSPORT && services.is_transport) {
    return &transport_table;
  }
  return nullptr;
}

}  // namespace spawn
