// sink.hpp - the glue between sink.h and an instance, of any kind, that publishes for actors.
//
//   class my_broker {
//    public:
//     class sink_lane {                                        // all [lane]
//      public:
//       void publish(pending<spawn_sink_message> message);     // ended later, on any thread
//     };
//     std::uint64_t sink_capabilities() const noexcept;
//     std::unique_ptr<sink_lane> open_sink_lane(std::uint32_t number);
//   };
//   SPAWN_PLUGIN(my_broker, SPAWN_PLUGIN_MANIFEST_JSON, activator_glue<my_broker>,
//                sink_glue<my_broker>)
#pragma once
#include <memory>
#include <span>

#include "spawn/plugin/cpp/plugin.hpp"
#include "spawn/plugin/sink.h"

namespace spawn::plugin {

template <class Broker, class Lane = typename Broker::sink_lane>
struct sink_glue {
  struct held {
    host_ref host;
    std::unique_ptr<Lane> impl;
  };

  static const char* id() noexcept { return SPAWN_SINK; }
  static const void* table() noexcept {
    static constexpr spawn_sink made{sizeof(spawn_sink), 0,      capabilities,
                                     lane_open,          submit, lane_close};
    return &made;
  }

 private:
  static held* of(spawn_sink_lane* lane) noexcept { return reinterpret_cast<held*>(lane); }

  static std::uint64_t capabilities(spawn_instance* self) noexcept {
    return instance_of<Broker>(self).sink_capabilities();
  }
  static spawn_status lane_open(spawn_instance* self, std::uint32_t lane,
                                spawn_sink_lane** out) noexcept {
    *out = nullptr;
    const host_ref host(self->host);
    spawn_status status = SPAWN_E_INTERNAL;
    guarded(host, [&] {
      auto made =
          std::make_unique<held>(held{host, instance_of<Broker>(self).open_sink_lane(lane)});
      *out = reinterpret_cast<spawn_sink_lane*>(made.release());
      status = SPAWN_OK;
    });
    return status;
  }
  static void submit(spawn_sink_lane* lane, spawn_op* const* ops, std::uint32_t n) noexcept {
    held& l = *of(lane);
    for (spawn_op* op : std::span(ops, n)) {
      guarded(l.host, [&] {
        if (covers<spawn_sink_message>(op)) {
          l.impl->publish(pending(l.host, reinterpret_cast<spawn_sink_message*>(op)));
        } else {
          pending<spawn_op>(l.host, op).end(SPAWN_E_INVALID, "the op is too short");
        }
      });
    }
  }
  static void lane_close(spawn_sink_lane* lane) noexcept { delete of(lane); }
};

}  // namespace spawn::plugin
