// handoff.hpp - the glue between SPAWN_HANDOFF and an instance written in C++ that has, beside what
// its kind wants:
//
//   static constexpr std::uint32_t handoff_schema = 1;       // of the chunks it writes
//   bool accepts_handoff(std::uint32_t schema) const noexcept;
//   void export_next(pending<spawn_handoff_op> op);          // fills out_chunk, last
//   void import_next(pending<spawn_handoff_op> op);          // reads in_chunk, last
//
//   SPAWN_PLUGIN(my_store, SPAWN_PLUGIN_MANIFEST_JSON, statestore_glue<my_store>,
//                handoff_glue<my_store>)
#pragma once
#include "spawn/plugin/cpp/plugin.hpp"
#include "spawn/plugin/handoff.h"

namespace spawn::plugin {

template <class Impl>
struct handoff_glue {
  static const char* id() noexcept { return SPAWN_HANDOFF; }
  static const void* table() noexcept {
    static constexpr spawn_handoff made{sizeof(spawn_handoff), Impl::handoff_schema, accepts,
                                        export_next, import_next};
    return &made;
  }

 private:
  static std::uint32_t accepts(spawn_instance* self, std::uint32_t schema) noexcept {
    return instance_of<Impl>(self).accepts_handoff(schema) ? 1 : 0;
  }
  template <class F>
  static void run(spawn_instance* self, spawn_handoff_op* op, F&& f) noexcept {
    const host_ref host(self->host);
    guarded(host, [&] {
      pending<spawn_handoff_op> p(host, op);
      if (!covers<spawn_handoff_op>(&op->op)) {
        p.end(SPAWN_E_INVALID);
        return;
      }
      f(instance_of<Impl>(self), std::move(p));
    });
  }
  static void export_next(spawn_instance* self, spawn_handoff_op* op) noexcept {
    run(self, op, [](Impl& from, pending<spawn_handoff_op> p) {
      p->out_chunk = {};
      p->last = 0;
      from.export_next(std::move(p));
    });
  }
  static void import_next(spawn_instance* self, spawn_handoff_op* op) noexcept {
    run(self, op, [](Impl& to, pending<spawn_handoff_op> p) { to.import_next(std::move(p)); });
  }
};

}  // namespace spawn::plugin
