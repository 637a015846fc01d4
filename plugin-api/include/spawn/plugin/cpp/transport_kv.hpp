// transport_kv.hpp - the glue between SPAWN_TRANSPORT_KV and a transport written in C++ that has
// it. Its lane, beside what transport.hpp wants:
//
//   void kv(pending<spawn_kv_op> op);                              // by op->op.code
//   void set_kv_sink(void (*to)(void*, const spawn_kv_event*, std::uint32_t), void* arg);
//
//   SPAWN_PLUGIN(my_bus, SPAWN_PLUGIN_MANIFEST_JSON, transport_glue<my_bus>,
//                transport_kv_glue<my_bus>)
#pragma once
#include <span>

#include "spawn/plugin/cpp/transport.hpp"

namespace spawn::plugin {

template <class Bus, transport_lane Lane = typename Bus::lane>
struct transport_kv_glue {
  using held = typename transport_glue<Bus, Lane>::held;

  static const char* id() noexcept { return SPAWN_TRANSPORT_KV; }
  static const void* table() noexcept {
    static constexpr spawn_transport_kv made{sizeof(spawn_transport_kv), 0, submit, set_sink};
    return &made;
  }

 private:
  static held& of(spawn_tp_lane* lane) noexcept { return *reinterpret_cast<held*>(lane); }

  static void submit(spawn_tp_lane* lane, spawn_op* const* ops, std::uint32_t n) noexcept {
    held& l = of(lane);
    for (spawn_op* op : std::span(ops, n)) {
      guarded(l.host, [&] {
        if (covers<spawn_kv_op>(op)) {
          l.impl->kv(pending(l.host, reinterpret_cast<spawn_kv_op*>(op)));
        } else {
          pending<spawn_op>(l.host, op).end(SPAWN_E_INVALID, "the op is too short");
        }
      });
    }
  }
  static void set_sink(spawn_tp_lane* lane,
                       void (*to)(void* arg, const spawn_kv_event* e, std::uint32_t n),
                       void* arg) noexcept {
    guarded(of(lane).host, [&] { of(lane).impl->set_kv_sink(to, arg); });
  }
};

}  // namespace spawn::plugin
