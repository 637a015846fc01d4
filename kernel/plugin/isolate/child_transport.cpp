// Transports in a child: the plugin's table itself, since kernels speak to each other in its terms.
#include "plugin/isolate/child_kinds.hpp"
#include "plugin/isolate/event_codec.hpp"
#include "plugin/lane_barrier.hpp"
#include "plugin/ports/make_ports.hpp"
#include "plugin/ports/sink_port.hpp"
#include "plugin/ports/store_lanes.hpp"
#include "plugin/transport_sink.hpp"
#include "spawn/plugin/sink.h"

namespace spawn::isolate {
namespace {

// The calls into the table, closed with the instance like any port.
class relay_port final : public registered_port {
 public:
  struct slot {
    spawn_tp_lane* handle = nullptr;
    child_lane* side = nullptr;
    store_flights flights;
    call_times times;
  };
  struct shared {
    std::shared_ptr<instance_core> core;
    const spawn_transport* table = nullptr;
    const spawn_transport_kv* kv = nullptr;
    std::vector<slot> slots;
  };

  relay_port(std::shared_ptr<instance_core> core, const spawn_transport* table,
             const spawn_transport_kv* kv, std::vector<std::unique_ptr<child_lane>>& lanes)
      : registered_port(core), shared_(std::make_shared<shared>()) {
    shared_->core = std::move(core);
    shared_->table = table;
    shared_->kv = kv;
    shared_->slots = std::vector<slot>(lanes.size());
    for (std::size_t i = 0; i < lanes.size(); ++i) {
      shared_->slots[i].side = lanes[i].get();
    }
  }
  ~relay_port() override { retire(); }

  // Null: the plugin has no lane.
  [[nodiscard]] slot* open(std::uint32_t lane) {
    slot& s = shared_->slots[lane];
    if (s.handle != nullptr) {
      return &s;
    }
    spawn_status status = SPAWN_E_INTERNAL;
    const bool returned = core_->call(s.times, "lane_open", true, [&] {
      status = shared_->table->lane_open(core_->raw, lane, &s.handle);
    });
    if (!returned || status != SPAWN_OK) {
      s.handle = nullptr;
      return nullptr;
    }
    if (shared_->kv != nullptr) {
      static_cast<void>(core_->call(s.times, "set_sink", true,
                                    [&] { shared_->kv->set_sink(s.handle, tell, s.side); }));
    }
    return &s;
  }

  [[nodiscard]] std::uint64_t submitted() const noexcept override {
    std::uint64_t n = 0;
    for (const slot& s : shared_->slots) {
      n += s.flights.submitted.load(std::memory_order_acquire);
    }
    return n;
  }
  void add_times(call_times& sum) const noexcept override {
    for (const slot& s : shared_->slots) {
      s.times.add_to(sum);
    }
  }
  void list_unfinished(std::vector<unfinished_op>& out) const override {
    for (std::uint32_t i = 0; i < shared_->slots.size(); ++i) {
      shared_->slots[i].flights.log.list(core_->time.now_ns(), i, out);
    }
  }
  [[nodiscard]] result<void> close(bool lanes_run, std::uint64_t limit_ms) override {
    const bool all_ended = core_->in_flight() == 0;
    return on_each_lane(*core_->loops.lanes, lanes_run, limit_ms,
                        [state = shared_, all_ended](lane& at) {
                          slot& s = state->slots[at.index()];
                          if (s.handle == nullptr || !all_ended) {
                            return;
                          }
                          static_cast<void>(state->core->call(s.times, "lane_close", true, [&] {
                            if (state->kv != nullptr) {
                              state->kv->set_sink(s.handle, nullptr, nullptr);
                            }
                            state->table->lane_close(s.handle);
                          }));
                          s.handle = nullptr;
                        });
  }
  [[nodiscard]] shared& parts() noexcept { return *shared_; }

 private:
  static void tell(void* arg, const spawn_kv_event* events, std::uint32_t n) {
    encoder out = frame_of(frame::kv_events);
    out.list(events, n, each_field);
    static_cast<child_lane*>(arg)->send(out);
    for (std::uint32_t i = 0; i < n; ++i) {
      spawn_buf key = events[i].key;
      spawn_buf value = events[i].value;
      release(key);
      release(value);
    }
  }

  std::shared_ptr<shared> shared_;
};

class transport_server final : public child_server, public transport_sink {
 public:
  transport_server(plugin_instance& instance, std::unique_ptr<relay_port> port,
                   std::unique_ptr<sink_port> sink)
      : core_(instance.core()), port_(std::move(port)), sink_(std::move(sink)) {
    core_->host.services.transport.store(this);
  }
  ~transport_server() override { core_->host.services.transport.store(nullptr); }

  void submit(child_lane& from, submit_to where, std::span<spawn_op* const> ops) override {
    if (where == submit_to::sink) {
      return sink_->submit(from.lane(), ops);
    }
    if (!core_->accepts()) {
      return core_->refuse(ops);
    }
    relay_port::slot* s = port_->open(from.lane().index());
    if (s == nullptr) {
      for (spawn_op* op : ops) {
        end_here(*op, errc::unavailable, "the transport has no lane");
      }
      return;
    }
    s->flights.add(ops, from.lane().now_ns());
    const auto n = static_cast<std::uint32_t>(ops.size());
    const bool returned = core_->call(s->times, "submit", false, [&] {
      if (where == submit_to::kv) {
        port_->parts().kv->submit(s->handle, ops.data(), n);
      } else {
        port_->parts().table->submit(s->handle, ops.data(), n);
      }
    });
    if (!returned) {
      core_->ended_here += s->flights.log.end_newest(ops.size(), errc::internal,
                                                     "the transport plugin threw an exception");
    }
  }

  bool take(child_lane& from, frame type, decoder& in) override {
    relay_port::slot* s = port_->open(from.lane().index());
    const spawn_transport& table = *port_->parts().table;
    if (type == frame::grant) {
      const auto sub_id = in.take<std::uint64_t>();
      const auto credit = in.take<std::uint32_t>();
      if (s != nullptr && core_->accepts()) {
        static_cast<void>(
            core_->call(s->times, "grant", false, [&] { table.grant(s->handle, sub_id, credit); }));
      }
      return true;
    }
    if (type == frame::tp_settle) {
      const auto nack = in.take<std::uint32_t>();
      const std::uint64_t* tokens = nullptr;
      std::uint32_t n = 0;
      in.list(tokens, n, [](auto& a, auto& v) { a.value(v); });
      if (s != nullptr && n != 0 && core_->accepts()) {
        static_cast<void>(core_->call(s->times, "settle", false,
                                      [&] { table.settle(s->handle, tokens, n, nack); }));
      }
      return true;
    }
    return false;
  }

  void deliver(const spawn_tp_message* messages, std::uint32_t n) noexcept override {
    encoder out = frame_of(frame::delivered);
    out.list(messages, n, each_field);
    port_->parts().slots.front().side->send(out);
    for (std::uint32_t i = 0; messages != nullptr && i < n; ++i) {
      spawn_buf payload = messages[i].payload;
      release(payload);
    }
  }

 private:
  std::shared_ptr<instance_core> core_;
  std::unique_ptr<relay_port> port_;
  std::unique_ptr<sink_port> sink_;
};

}  // namespace

result<std::unique_ptr<child_server>> make_transport_server(
    plugin_instance& instance, std::vector<std::unique_ptr<child_lane>>& lanes,
    created_answer& about) {
  const auto* table = static_cast<const spawn_transport*>(instance.find_interface(SPAWN_TRANSPORT));
  const auto* kv =
      static_cast<const spawn_transport_kv*>(instance.find_interface(SPAWN_TRANSPORT_KV));
  about.capabilities = table->capabilities(instance.core()->raw);
  about.has_kv = kv != nullptr;
  auto port = std::make_unique<relay_port>(instance.core(), table, kv, lanes);
  std::unique_ptr<sink_port> sink;
  if (const auto* has = static_cast<const spawn_sink*>(instance.find_interface(SPAWN_SINK))) {
    SPAWN_TRY(sink, make_sink_port(instance, 0));
    about.has_sink = true;
    about.sink_capabilities = has->capabilities(instance.core()->raw);
  }
  return std::make_unique<transport_server>(instance, std::move(port), std::move(sink));
}

}  // namespace spawn::isolate
