#include "trace.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <type_traits>

#include "spawn/plugin/activator.h"
#include "spawn/plugin/live_actors.h"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/transport.h"
#include "spawn/plugin/workflow.h"

namespace spawn::check {
namespace {

using clock = std::chrono::steady_clock;

bool on = false;
const clock::time_point begun = clock::now();

double microseconds(clock::duration time) {
  return std::chrono::duration<double, std::micro>(time).count();
}

void tell(const char* call, clock::time_point from, const char* outcome) {
  const auto now = clock::now();
  std::fprintf(stderr, "%12.1f us  %-12s %10.1f us%s\n", microseconds(from - begun), call,
               microseconds(now - from), outcome);
}

// The plugin's table and the one in its place. A process has one plugin, so one of each is enough.
template <class Table>
struct tables {
  static inline Table plugins, telling;
  static inline std::once_flag made;
};

template <auto Slot>
struct hop;

template <class Table, class Return, class... Arguments, Return (*Table::*Slot)(Arguments...)>
struct hop<Slot> {
  static inline const char* name = "";

  static Return call(Arguments... arguments) {
    const auto from = clock::now();
    if constexpr (std::is_void_v<Return>) {
      (tables<Table>::plugins.*Slot)(arguments...);
      tell(name, from, "");
    } else {
      const Return out = (tables<Table>::plugins.*Slot)(arguments...);
      char outcome[32] = "";
      if constexpr (std::is_same_v<Return, spawn_status>) {
        std::snprintf(outcome, sizeof(outcome), "  status %d", out);
      }
      tell(name, from, outcome);
      return out;
    }
  }
  static void hook(const char* as) {
    name = as;
    if (tables<Table>::plugins.*Slot != nullptr) {
      tables<Table>::telling.*Slot = call;
    }
  }
};

// What lies behind the end of a shorter table is NULL in the copy.
template <class Table, class F>
const Table* once(const void* from, F&& hooks) {
  std::call_once(tables<Table>::made, [&] {
    const std::size_t bytes = *static_cast<const std::uint32_t*>(from);
    std::memcpy(&tables<Table>::plugins, from, std::min(bytes, sizeof(Table)));
    tables<Table>::telling = tables<Table>::plugins;
    hooks();
  });
  return &tables<Table>::telling;
}

const void* telling_table(const char* id, const void* from) {
  if (std::strcmp(id, SPAWN_STATESTORE) == 0) {
    return once<spawn_statestore>(from, [] {
      hop<&spawn_statestore::capabilities>::hook("capabilities");
      hop<&spawn_statestore::lane_open>::hook("lane_open");
      hop<&spawn_statestore::submit>::hook("submit");
      hop<&spawn_statestore::cancel>::hook("cancel");
      hop<&spawn_statestore::lane_close>::hook("lane_close");
    });
  }
  if (std::strcmp(id, SPAWN_TRANSPORT) == 0) {
    return once<spawn_transport>(from, [] {
      hop<&spawn_transport::capabilities>::hook("capabilities");
      hop<&spawn_transport::lane_open>::hook("lane_open");
      hop<&spawn_transport::submit>::hook("submit");
      hop<&spawn_transport::grant>::hook("grant");
      hop<&spawn_transport::settle>::hook("settle");
      hop<&spawn_transport::lane_close>::hook("lane_close");
    });
  }
  if (std::strcmp(id, SPAWN_ACTIVATOR) == 0) {
    return once<spawn_activator>(from, [] {
      hop<&spawn_activator::capabilities>::hook("capabilities");
      hop<&spawn_activator::lane_open>::hook("lane_open");
      hop<&spawn_activator::set_window>::hook("set_window");
      hop<&spawn_activator::settle>::hook("settle");
      hop<&spawn_activator::lane_close>::hook("lane_close");
    });
  }
  if (std::strcmp(id, SPAWN_WORKFLOW) == 0) {
    return once<spawn_workflow>(from, [] {
      hop<&spawn_workflow::part_types>::hook("part_types");
      hop<&spawn_workflow::submit>::hook("submit");
      hop<&spawn_workflow::describe>::hook("describe");
    });
  }
  if (std::strcmp(id, SPAWN_ACTORS) == 0) {
    return once<spawn_actors>(from, [] {
      hop<&spawn_actors::describe>::hook("describe");
      hop<&spawn_actors::lane_open>::hook("lane_open");
      hop<&spawn_actors::submit>::hook("submit");
      hop<&spawn_actors::lane_close>::hook("lane_close");
    });
  }
  if (std::strcmp(id, SPAWN_LIVE_ACTORS) == 0) {
    return once<spawn_live_actors>(from, [] {
      hop<&spawn_live_actors::lane_open>::hook("lane_open");
      hop<&spawn_live_actors::create>::hook("create");
      hop<&spawn_live_actors::receive>::hook("receive");
      hop<&spawn_live_actors::destroy>::hook("destroy");
      hop<&spawn_live_actors::lane_close>::hook("lane_close");
    });
  }
  return from;
}

const void* get_interface(spawn_instance* self, const char* id) {
  const void* found = tables<spawn_instance_vtbl>::plugins.get_interface(self, id);
  return found == nullptr ? nullptr : telling_table(id, found);
}

spawn_status create(const spawn_host* h, const spawn_create_info* info, spawn_instance** out,
                    spawn_buf* error) {
  const spawn_status status = hop<&spawn_plugin_entry::create>::call(h, info, out, error);
  if (status == SPAWN_OK && *out != nullptr && (*out)->vt != nullptr) {
    (*out)->vt = once<spawn_instance_vtbl>((*out)->vt, [] {
      hop<&spawn_instance_vtbl::start>::hook("start");
      hop<&spawn_instance_vtbl::quiesce>::hook("quiesce");
      hop<&spawn_instance_vtbl::drain>::hook("drain");
      hop<&spawn_instance_vtbl::stop>::hook("stop");
      hop<&spawn_instance_vtbl::destroy>::hook("destroy");
      if (tables<spawn_instance_vtbl>::plugins.get_interface != nullptr) {
        tables<spawn_instance_vtbl>::telling.get_interface = get_interface;
      }
    });
  }
  return status;
}

}  // namespace

void trace_calls() {
  on = true;
}

const spawn_plugin_entry* traced(const spawn_plugin_entry* plugin) {
  if (!on || plugin == nullptr) {
    return plugin;
  }
  return once<spawn_plugin_entry>(plugin, [] {
    hop<&spawn_plugin_entry::init>::hook("init");
    hop<&spawn_plugin_entry::deinit>::hook("deinit");
    hop<&spawn_plugin_entry::create>::hook("create");
    if (tables<spawn_plugin_entry>::plugins.create != nullptr) {
      tables<spawn_plugin_entry>::telling.create = create;
    }
  });
}

}  // namespace spawn::check
