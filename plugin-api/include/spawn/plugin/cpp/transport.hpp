// transport.hpp - the glue between transport.h and a transport written in C++.
//
//   class my_bus {
//    public:
//     class lane {                                   // all [lane]
//      public:
//       void send(pending<spawn_tp_send> op);        // PUBLISH, REQUEST, REPLY by op->op.code
//       void subscribe(pending<spawn_tp_sub> op);    // SUBSCRIBE, UNSUBSCRIBE
//       void grant(std::uint64_t sub_id, std::uint32_t credit);
//       void settle(std::span<const std::uint64_t> tokens, bool nack);
//     };
//     std::uint64_t capabilities() const noexcept;
//     std::unique_ptr<lane> open_lane(std::uint32_t number);
//   };
#pragma once
#include <memory>
#include <span>

#include "spawn/plugin/cpp/plugin.hpp"
#include "spawn/plugin/transport.h"

namespace spawn::plugin {

template <class Lane>
concept transport_lane =
    requires(Lane& lane, pending<spawn_tp_send> send, pending<spawn_tp_sub> sub,
             std::span<const std::uint64_t> tokens) {
      lane.send(std::move(send));
      lane.subscribe(std::move(sub));
      lane.grant(std::uint64_t{}, std::uint32_t{});
      lane.settle(tokens, bool{});
    };

template <class Bus, transport_lane Lane = typename Bus::lane>
struct transport_glue {
  struct held {
    host_ref host;
    std::unique_ptr<Lane> impl;
  };

  static const char* id() noexcept { return SPAWN_TRANSPORT; }
  static const void* table() noexcept {
    static constexpr spawn_transport made{
        sizeof(spawn_transport), 0, capabilities, lane_open, submit, grant, settle, lane_close};
    return &made;
  }

 private:
  static held* of(spawn_tp_lane* lane) noexcept { return reinterpret_cast<held*>(lane); }

  static std::uint64_t capabilities(spawn_instance* self) noexcept {
    return instance_of<Bus>(self).capabilities();
  }

  static spawn_status lane_open(spawn_instance* self, std::uint32_t lane,
                                spawn_tp_lane** out) noexcept {
    *out = nullptr;
    const host_ref host(self->host);
    spawn_status status = SPAWN_E_INTERNAL;
    guarded(host, [&] {
      auto made = std::make_unique<held>(held{host, instance_of<Bus>(self).open_lane(lane)});
      *out = reinterpret_cast<spawn_tp_lane*>(made.release());
      status = SPAWN_OK;
    });
    return status;
  }

  static void one(held& l, spawn_op* op) {
    switch (op->code) {
      case SPAWN_TP_PUBLISH:
      case SPAWN_TP_REQUEST:
      case SPAWN_TP_REPLY:
        if (covers<spawn_tp_send>(op)) {
          return l.impl->send(pending(l.host, reinterpret_cast<spawn_tp_send*>(op)));
        }
        return pending<spawn_op>(l.host, op).end(SPAWN_E_INVALID, "the op is too short");
      case SPAWN_TP_SUBSCRIBE:
      case SPAWN_TP_UNSUBSCRIBE:
        if (covers<spawn_tp_sub>(op)) {
          return l.impl->subscribe(pending(l.host, reinterpret_cast<spawn_tp_sub*>(op)));
        }
        return pending<spawn_op>(l.host, op).end(SPAWN_E_INVALID, "the op is too short");
      default:
        return pending<spawn_op>(l.host, op).end(SPAWN_E_UNSUPPORTED);
    }
  }

  static void submit(spawn_tp_lane* lane, spawn_op* const* ops, std::uint32_t n) noexcept {
    for (spawn_op* op : std::span(ops, n)) {
      guarded(of(lane)->host, [&] { one(*of(lane), op); });
    }
  }
  static void grant(spawn_tp_lane* lane, std::uint64_t sub_id, std::uint32_t credit) noexcept {
    guarded(of(lane)->host, [&] { of(lane)->impl->grant(sub_id, credit); });
  }
  static void settle(spawn_tp_lane* lane, const std::uint64_t* tokens, std::uint32_t n,
                     std::uint32_t nack) noexcept {
    guarded(of(lane)->host, [&] { of(lane)->impl->settle(std::span(tokens, n), nack != 0); });
  }
  static void lane_close(spawn_tp_lane* lane) noexcept { delete of(lane); }
};

}  // namespace spawn::plugin
