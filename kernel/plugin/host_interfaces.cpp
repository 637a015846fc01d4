#include "plugin/host_interfaces.hpp"

#include <string_view>

#include "plugin/blocking_pool.hpp"
#include "plugin/host_loop.hpp"
#include "plugin/host_metrics.hpp"
#include "plugin/ports/activator_port.hpp"
#include "plugin/transport_sink.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
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

// --- spawn.host.activator/1
// -----------------------------------------------------------------------

activator_listener* listener_of(const spawn_host* h) noexcept {
  host_table* host = owner_of(h);
  return host != nullptr ? host->services.activator.load() : nullptr;
}

std::uint32_t offer(const spawn_host* h, std::uint32_t, const spawn_delivery* const* messages,
                    std::uint32_t n) noexcept {
  activator_listener* to = listener_of(h);
  return to != nullptr && messages != nullptr ? to->offer({messages, n}) : 0;
}

void lag(const spawn_host* h, spawn_slice source, std::uint64_t messages,
         std::uint64_t oldest_ms) noexcept {
  if (activator_listener* to = listener_of(h)) {
    to->lag(view_of(source), messages, oldest_ms);
  }
}

spawn_status cursor_set(const spawn_host* h, spawn_slice source, spawn_slice bytes) noexcept {
  activator_listener* to = listener_of(h);
  return to == nullptr ? SPAWN_E_SHUTDOWN
                       : static_cast<spawn_status>(to->set_cursor(view_of(source), view_of(bytes)));
}

spawn_status cursor_get(const spawn_host* h, spawn_slice source, spawn_buf* out) noexcept {
  activator_listener* to = listener_of(h);
  if (to == nullptr || out == nullptr) {
    return to == nullptr ? SPAWN_E_SHUTDOWN : SPAWN_E_INVALID;
  }
  auto found = to->cursor(view_of(source));
  if (!found) {
    return SPAWN_E_NOT_FOUND;
  }
  *out = plugin::give(std::move(*found));
  return SPAWN_OK;
}

constexpr spawn_host_metrics metrics_table{sizeof(spawn_host_metrics), 0, define, add, observe};
constexpr spawn_host_loop loop_table{
    sizeof(spawn_host_loop), 0, post, timer, timer_cancel, fd_watch, fd_unwatch};
constexpr spawn_host_blocking blocking_table{sizeof(spawn_host_blocking), 0, run};
constexpr spawn_host_transport transport_table{sizeof(spawn_host_transport), 0, deliver,
                                               link_state};

constexpr spawn_host_activator activator_table{
    sizeof(spawn_host_activator), 0, offer, lag, cursor_set, cursor_get};

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
  if (wanted == SPAWN_HOST_ACTIVATOR && services.is_activator) {
    return &activator_table;
  }
  return nullptr;
}

}  // namespace spawn
