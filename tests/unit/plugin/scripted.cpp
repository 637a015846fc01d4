#include "unit/plugin/scripted.hpp"

#include <cstring>
#include <deque>
#include <map>
#include <mutex>

namespace spawn::test {
namespace {

script* now = nullptr;

// A lane's handle, for every kind that has one.
struct scripted_lane {
  const spawn_host* h;
  std::uint32_t number;
};

struct scripted_instance : spawn_instance {
  const spawn_host* h;
  std::mutex mutex;
  std::deque<scripted_lane> lanes;  // for as long as the instance: not each is closed
};

void run(const script::step& step, spawn_instance* self, spawn_op* op) {
  const spawn_host* h = static_cast<scripted_instance*>(self)->h;
  step ? step(h, op) : end(h, op);
}

std::uint64_t capabilities(spawn_instance*) {
  return now->capabilities;
}

template <class Lane>
spawn_status lane_open(spawn_instance* self, std::uint32_t lane, Lane** out) {
  const spawn_status status = now->lane_open ? now->lane_open(lane) : SPAWN_OK;
  if (status == SPAWN_OK) {
    auto& of = *static_cast<scripted_instance*>(self);
    const std::lock_guard hold(of.mutex);
    *out = reinterpret_cast<Lane*>(&of.lanes.emplace_back(scripted_lane{of.h, lane}));
  }
  return status;
}
template <class Lane>
void lane_close(Lane* lane) {
  if (now->lane_closed) {
    now->lane_closed(reinterpret_cast<scripted_lane*>(lane)->number);
  }
}
void submit_all(const spawn_host* host, spawn_op* const* ops, std::uint32_t n) {
  if (now->submit) {
    now->submit(host, {ops, n});
    return;
  }
  for (std::uint32_t i = 0; i < n; ++i) {
    end(host, ops[i]);
  }
}
template <class Lane>
void submit(Lane* lane, spawn_op* const* ops, std::uint32_t n) {
  submit_all(reinterpret_cast<scripted_lane*>(lane)->h, ops, n);
}
void workflow_submit(spawn_instance* self, std::uint32_t, spawn_op* const* ops, std::uint32_t n) {
  submit_all(static_cast<scripted_instance*>(self)->h, ops, n);
}
void grant(spawn_tp_lane*, std::uint64_t sub, std::uint32_t credit) {
  if (now->grant) {
    now->grant(sub, credit);
  }
}
void settle(spawn_tp_lane*, const std::uint64_t*, std::uint32_t, std::uint32_t) {}
const char* const* part_types(spawn_instance*) {
  static const char* const parts[] = {"forward", "pipe", nullptr};
  return parts;
}

const spawn_statestore store{sizeof(spawn_statestore),
                             0,
                             capabilities,
                             lane_open<spawn_ss_lane>,
                             submit<spawn_ss_lane>,
                             nullptr,
                             lane_close<spawn_ss_lane>};
const spawn_transport transport{
    sizeof(spawn_transport), 0,     capabilities, lane_open<spawn_tp_lane>,
    submit<spawn_tp_lane>,   grant, settle,       lane_close<spawn_tp_lane>};
const spawn_workflow workflow{sizeof(spawn_workflow), 0,      part_types, nullptr, nullptr,
                              workflow_submit,        nullptr};

const void* find(spawn_instance*, const char* id) {
  if (now->interface != nullptr) {
    return now->interface(id);
  }
  if (std::strcmp(id, SPAWN_STATESTORE) == 0) {
    return &store;
  }
  if (std::strcmp(id, SPAWN_TRANSPORT) == 0) {
    return &transport;
  }
  return std::strcmp(id, SPAWN_WORKFLOW) == 0 ? &workflow : nullptr;
}

const spawn_instance_vtbl vtbl{
    sizeof(spawn_instance_vtbl),
    0,
    find,
    [](spawn_instance* self, spawn_op* op) { run(now->start, self, op); },
    [](spawn_instance* self, spawn_op* op) { run(now->quiesce, self, op); },
    [](spawn_instance* self, spawn_op* op) { run(now->drain, self, op); },
    [](spawn_instance* self, spawn_op* op) { run(now->stop, self, op); },
    [](spawn_instance* self) {
      delete static_cast<scripted_instance*>(self);
      if (now != nullptr && now->destroyed) {
        now->destroyed();
      }
    }};

spawn_status init(const spawn_host*) {
  return now->init ? now->init() : SPAWN_OK;
}
void deinit() {}
spawn_status create(const spawn_host* h, const spawn_create_info* info, spawn_instance** out,
                    spawn_buf* error) {
  const spawn_status status = now->create ? now->create(h, info) : SPAWN_OK;
  if (status != SPAWN_OK) {
    *error = {now->create_error.data(), now->create_error.size(), nullptr, nullptr};
    return status;
  }
  auto* made = new scripted_instance;
  made->vt = &vtbl;
  made->host = made->h = h;
  *out = made;
  return SPAWN_OK;
}

#define MANIFEST(kind, traits)                                                           \
  R"({"kind":")" kind R"(","name":"scripted","version":"1.2.0","license":"Apache-2.0",)" \
  R"("abi":{"major":1,"minor":0},)" traits                                               \
  R"(,"config_schema":{"type":"object","additionalProperties":false,"properties":)"      \
  R"({"dsn":{"type":"string"},"pool":{"type":"object","properties":{"size":)"            \
  R"({"type":"integer"}}}}}})"

}  // namespace

with_script::with_script() : script_(std::make_unique<script>()) {
  now = script_.get();
}
with_script::~with_script() {
  now = nullptr;
}

const spawn_plugin_entry& scripted_entry(const std::string& which) {
  static const std::map<std::string, const char*> manifests = {
      {"many", MANIFEST("statestore", R"("lanes":"many")")},
      {"one", MANIFEST("statestore", R"("lanes":"one")")},
      {"blocking", MANIFEST("statestore", R"("lanes":"one","blocking":true)")},
      {"transport", MANIFEST("transport", R"("lanes":"many")")},
      {"transport_one", MANIFEST("transport", R"("lanes":"one")")},
      {"activator", MANIFEST("activator", R"("lanes":"one")")},
      {"workflow", MANIFEST("workflow", R"("lanes":"many")")}};
  static std::map<std::string, spawn_plugin_entry> entries;
  auto& entry = entries[which];
  entry = {sizeof(spawn_plugin_entry), 0, 0, manifests.at(which), init, deinit, create};
  return entry;
}

std::shared_ptr<plugin_library> scripted_library(const std::string& which) {
  auto made = plugin_library::from_entry(&scripted_entry(which));
  return made ? std::move(*made) : nullptr;
}

}  // namespace spawn::test
