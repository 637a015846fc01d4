// plugin.hpp - entry, manifest note and instance table of a plugin written in C++.
//
//   class my_store {
//    public:
//     explicit my_store(const create_args& args);   // may throw refused{status, text}; [control]
//     void start(pending<spawn_op> op);             // optional, as are quiesce, drain and stop
//   };
//   SPAWN_PLUGIN(my_store, SPAWN_PLUGIN_MANIFEST_JSON, statestore_glue<my_store>)
//
// A glue names one interface: `static const char* id()` and `static const void* table()`.
#pragma once
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "spawn/plugin/cpp/pending.hpp"
#include "spawn/plugin/entry.h"

namespace spawn::plugin {

// Thrown by an instance's constructor: the config can not be served. The text reaches the operator.
class refused : public std::runtime_error {
 public:
  refused(spawn_status status, const std::string& why) : std::runtime_error(why), status_(status) {}
  [[nodiscard]] spawn_status status() const noexcept { return status_; }

 private:
  spawn_status status_;
};

// What an instance is made from. Borrowed for the constructor's time; host stays until destroy.
struct create_args {
  host_ref host;
  std::string_view name;
  std::string_view config_json;  // canonical JSON, checked against the plugin's own schema
  std::uint32_t lanes;
  std::span<const spawn_kv> secrets;

  [[nodiscard]] std::string_view secret(std::string_view key) const noexcept {
    for (const spawn_kv& kv : secrets) {
      if (text(kv.key) == key) {
        return text(kv.value);
      }
    }
    return {};
  }
};

namespace detail {

// The C instance in front of the plugin's own object, so that the host sees a spawn_instance.
template <class T>
struct boxed : spawn_instance {
  boxed(const spawn_instance_vtbl* vtbl, const create_args& args)
      : spawn_instance{vtbl, args.host.raw()}, impl(args) {}
  T impl;
};

template <class T>
[[nodiscard]] boxed<T>* box_of(spawn_instance* self) noexcept {
  return static_cast<boxed<T>*>(self);
}

template <class T, class... Glue>
struct instance_table {
  static const void* find(spawn_instance*, const char* id) noexcept {
    const void* table = nullptr;
    ((std::strcmp(id, Glue::id()) == 0 ? void(table = Glue::table()) : void()), ...);
    return table;
  }

  template <class F>
  static void run(spawn_instance* self, spawn_op* op, F&& f) noexcept {
    const host_ref host(self->host);
    guarded(host, [&] { f(box_of<T>(self)->impl, pending<spawn_op>(host, op)); });
  }

  static void start(spawn_instance* self, spawn_op* op) noexcept {
    run(self, op, [](T& t, pending<spawn_op> p) {
      if constexpr (requires { t.start(std::move(p)); }) {
        t.start(std::move(p));
      } else {
        p.end(SPAWN_OK);
      }
    });
  }
  static void quiesce(spawn_instance* self, spawn_op* op) noexcept {
    run(self, op, [](T& t, pending<spawn_op> p) {
      if constexpr (requires { t.quiesce(std::move(p)); }) {
        t.quiesce(std::move(p));
      } else {
        p.end(SPAWN_OK);
      }
    });
  }
  static void drain(spawn_instance* self, spawn_op* op) noexcept {
    run(self, op, [](T& t, pending<spawn_op> p) {
      if constexpr (requires { t.drain(std::move(p)); }) {
        t.drain(std::move(p));
      } else {
        p.end(SPAWN_OK);
      }
    });
  }
  static void stop(spawn_instance* self, spawn_op* op) noexcept {
    run(self, op, [](T& t, pending<spawn_op> p) {
      if constexpr (requires { t.stop(std::move(p)); }) {
        t.stop(std::move(p));
      } else {
        p.end(SPAWN_OK);
      }
    });
  }
  static void destroy(spawn_instance* self) noexcept { delete box_of<T>(self); }

  static constexpr spawn_instance_vtbl vtbl{
      sizeof(spawn_instance_vtbl), 0, find, start, quiesce, drain, stop, destroy};

  static spawn_status create(const spawn_host* h, const spawn_create_info* info,
                             spawn_instance** out, spawn_buf* error) noexcept {
    const auto refuse = [&](spawn_status status, std::string_view why) {
      *out = nullptr;
      *error = give(std::string(why));
      return status;
    };
    try {
      const create_args args{host_ref(h), text(info->name), text(info->config_json), info->lanes,
                             std::span(info->secrets, info->n_secrets)};
      *out = std::make_unique<boxed<T>>(&vtbl, args).release();
      return SPAWN_OK;
    } catch (const refused& e) {
      return refuse(e.status(), e.what());
    } catch (const std::exception& e) {
      return refuse(SPAWN_E_INTERNAL, e.what());
    } catch (...) {
      return refuse(SPAWN_E_INTERNAL, "unknown exception");
    }
  }
};

inline spawn_status no_init(const spawn_host*) noexcept {
  return SPAWN_OK;
}
inline void no_deinit() noexcept {}

}  // namespace detail

// The plugin's object behind a C instance; for glue.
template <class T>
[[nodiscard]] T& instance_of(spawn_instance* self) noexcept {
  return detail::box_of<T>(self)->impl;
}

}  // namespace spawn::plugin

// Once per plugin, at namespace scope. The trailing arguments are the glues.
#define SPAWN_PLUGIN(Instance, manifest, ...)                                     \
  SPAWN_MANIFEST(manifest);                                                       \
  extern "C" SPAWN_EXPORT const spawn_plugin_entry* spawn_plugin_entry_1(void) {  \
    using table = ::spawn::plugin::detail::instance_table<Instance, __VA_ARGS__>; \
    static constexpr spawn_plugin_entry entry{sizeof(spawn_plugin_entry),         \
                                              SPAWN_ABI_MINOR,                    \
                                              0,                                  \
                                              manifest,                           \
                                              ::spawn::plugin::detail::no_init,   \
                                              ::spawn::plugin::detail::no_deinit, \
                                              table::create};                     \
    return &entry;                                                                \
  }
