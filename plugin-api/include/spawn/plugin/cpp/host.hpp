// host_ref: the host's services as C++ calls. A copyable pair of words; borrows the table, which
// lives until destroy() of the instance returns. [any] thread.
#pragma once
#include <array>
#include <cstdint>
#include <exception>
#include <span>
#include <string_view>
#include <utility>

#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/host.h"

namespace spawn::plugin {

enum class level : std::int32_t { trace = 0, debug = 1, info = 2, warn = 3, error = 4 };

using field = std::pair<std::string_view, std::string_view>;

class host_ref {
 public:
  explicit host_ref(const spawn_host* h) noexcept : h_(h) {}

  [[nodiscard]] const spawn_host* raw() const noexcept { return h_; }

  void complete(std::span<spawn_op* const> ops) const noexcept {
    if (!ops.empty()) {
      h_->complete(h_, ops.data(), static_cast<std::uint32_t>(ops.size()));
    }
  }

  [[nodiscard]] bool log_enabled(level l) const noexcept {
    return h_->log_enabled(h_, static_cast<std::int32_t>(l)) != 0;
  }

  template <class... Fields>
  void log(level l, std::string_view message, const Fields&... fields) const noexcept {
    if (!log_enabled(l)) {
      return;
    }
    const std::array<spawn_kv, sizeof...(Fields) + 1> kv{
        spawn_kv{slice(field(fields).first), slice(field(fields).second)}..., spawn_kv{}};
    h_->log(h_, static_cast<std::int32_t>(l), slice(message), kv.data(), sizeof...(Fields));
  }

  [[nodiscard]] std::uint64_t now_ns() const noexcept { return h_->now_ns(h_); }
  [[nodiscard]] std::int64_t unix_ms() const noexcept { return h_->unix_ms(h_); }

  void health(bool serving, std::string_view why) const noexcept {
    if (SPAWN_KNOWS(h_, health) && h_->health != nullptr) {
      h_->health(h_, serving ? 1 : 0, slice(why));
    }
  }

  void fault(spawn_status why, std::string_view message) const noexcept {
    h_->fault(h_, why, slice(message));
  }

  // An optional host interface by id, NULL when this host does not have it.
  template <class Table>
  [[nodiscard]] const Table* find(const char* id) const noexcept {
    return static_cast<const Table*>(h_->get_interface(h_, id));
  }

 private:
  const spawn_host* h_;
};

// The panic barrier: no exception leaves a plugin. On a thread of the host an exception becomes a
// fault of this instance; on the plugin's own threads nothing can contain one.
template <class F>
void guarded(host_ref host, F&& f) noexcept {
  try {
    std::forward<F>(f)();
  } catch (const std::exception& e) {
    host.fault(SPAWN_E_INTERNAL, e.what());
  } catch (...) {
    host.fault(SPAWN_E_INTERNAL, "unknown exception");
  }
}

}  // namespace spawn::plugin
