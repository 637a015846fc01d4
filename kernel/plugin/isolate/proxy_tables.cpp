// The C tables of each kind, in front of a proxy.
#include "plugin/isolate/proxy.hpp"
#include "spawn/plugin/cpp/bytes.hpp"

namespace spawn::isolate {
namespace {

template <class Lane>
proxy_lane& lane_of(Lane* l) noexcept {
  return *reinterpret_cast<proxy_lane*>(l);
}

// Opening and closing lanes is the child's own matter.
template <class Lane>
spawn_status lane_open(spawn_instance* self, std::uint32_t lane, Lane** out) {
  *out = reinterpret_cast<Lane*>(new proxy_lane{&proxy_of(self), lane});
  return SPAWN_OK;
}

template <class Lane>
void lane_close(Lane* l) {
  delete &lane_of(l);
}

template <class Lane, submit_to To>
void submit(Lane* l, spawn_op* const* ops, std::uint32_t n) {
  lane_of(l).owner->submit(lane_of(l).lane, To, ops, n);
}

std::uint64_t capabilities(spawn_instance* self) {
  return proxy_of(self).made().capabilities;
}

// --- statestore ---

// A hint, which is not worth a way to the other process.
void cancel(spawn_ss_lane*, spawn_op*) {}

template <admin_step Step>
void admin(spawn_instance* self, spawn_ss_admin* op) {
  proxy_of(self).admin(Step, op);
}

constexpr spawn_statestore statestore{sizeof(spawn_statestore),
                                      0,
                                      capabilities,
                                      lane_open<spawn_ss_lane>,
                                      submit<spawn_ss_lane, submit_to::kind>,
                                      cancel,
                                      lane_close<spawn_ss_lane>};
constexpr spawn_statestore_admin statestore_admin{
    sizeof(spawn_statestore_admin), 0, admin<admin_step::schema_text>, admin<admin_step::migrate>,
    admin<admin_step::stats>};

// --- workflow ---

const char* const* part_types(spawn_instance* self) {
  return proxy_of(self).part_types();
}

const char* const* virtual_parents(spawn_instance* self) {
  return proxy_of(self).virtual_parents();
}

std::uint32_t accepts_scratch(spawn_instance* self, std::uint32_t schema) {
  return proxy_of(self).accepts_scratch(schema) ? 1 : 0;
}

void submit_steps(spawn_instance* self, std::uint32_t lane, spawn_op* const* ops, std::uint32_t n) {
  proxy_of(self).submit_steps(lane, ops, n);
}

spawn_status describe(spawn_instance* self, std::uint32_t schema, spawn_slice scratch,
                      spawn_buf* out_json) {
  return proxy_of(self).describe(schema, scratch, out_json);
}

constexpr spawn_workflow workflow_of(bool keeps_scratch, bool describes) {
  return {sizeof(spawn_workflow),
          0,
          part_types,
          virtual_parents,
          keeps_scratch ? accepts_scratch : nullptr,
          submit_steps,
          describes ? describe : nullptr};
}
constexpr spawn_workflow workflows[2][2] = {{workflow_of(false, false), workflow_of(false, true)},
                                            {workflow_of(true, false), workflow_of(true, true)}};

// --- activator and sink ---

void set_window(spawn_ac_lane* l, std::uint32_t window, std::uint32_t pause) {
  lane_of(l).owner->set_window(window, pause);
}

void settle(spawn_ac_lane* l, const spawn_settle* const* s, std::uint32_t n) {
  lane_of(l).owner->settle({s, n});
}

void close_activator(spawn_ac_lane* l) {
  lane_of(l).owner->close_activator();
  lane_close(l);
}

constexpr spawn_activator activator{sizeof(spawn_activator),  0,          capabilities,
                                    lane_open<spawn_ac_lane>, set_window, settle,
                                    close_activator};

std::uint64_t sink_capabilities(spawn_instance* self) {
  return proxy_of(self).made().sink_capabilities;
}

constexpr spawn_sink sink{sizeof(spawn_sink),
                          0,
                          sink_capabilities,
                          lane_open<spawn_sink_lane>,
                          submit<spawn_sink_lane, submit_to::sink>,
                          lane_close<spawn_sink_lane>};

// --- transport ---

void grant(spawn_tp_lane* l, std::uint64_t sub_id, std::uint32_t credit) {
  lane_of(l).owner->grant(lane_of(l).lane, sub_id, credit);
}

void settle_messages(spawn_tp_lane* l, const std::uint64_t* tokens, std::uint32_t n,
                     std::uint32_t nack) {
  lane_of(l).owner->settle_messages(lane_of(l).lane, {tokens, n}, nack);
}

void set_sink(spawn_tp_lane* l, void (*on_event)(void*, const spawn_kv_event*, std::uint32_t),
              void* arg) {
  lane_of(l).owner->set_kv_sink(lane_of(l).lane, on_event, arg);
}

constexpr spawn_transport transport{sizeof(spawn_transport),
                                    0,
                                    capabilities,
                                    lane_open<spawn_tp_lane>,
                                    submit<spawn_tp_lane, submit_to::kind>,
                                    grant,
                                    settle_messages,
                                    lane_close<spawn_tp_lane>};
constexpr spawn_transport_kv transport_kv{sizeof(spawn_transport_kv), 0,
                                          submit<spawn_tp_lane, submit_to::kv>, set_sink};

}  // namespace

const void* store_table(std::string_view id) noexcept {
  if (id == SPAWN_STATESTORE_ADMIN) {
    return &statestore_admin;
  }
  return id == SPAWN_STATESTORE ? &statestore : nullptr;
}

const void* workflow_table(std::string_view id, bool keeps_scratch, bool describes) noexcept {
  return id == SPAWN_WORKFLOW ? &workflows[keeps_scratch ? 1 : 0][describes ? 1 : 0] : nullptr;
}

const void* activator_table(std::string_view id) noexcept {
  return id == SPAWN_ACTIVATOR ? &activator : nullptr;
}

const void* transport_table(std::string_view id) noexcept {
  if (id == SPAWN_TRANSPORT_KV) {
    return &transport_kv;
  }
  return id == SPAWN_TRANSPORT ? &transport : nullptr;
}

const void* sink_table() noexcept {
  return &sink;
}

}  // namespace spawn::isolate
