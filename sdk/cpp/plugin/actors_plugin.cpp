// The entry of a plugin of kind "actors" whose actors are declared with the SDK. Compiled into each
// of them by spawn_add_actors(), which also names it: SPAWN_ACTORS_NAME, SPAWN_ACTORS_VERSION.
#include <span>

#include "spawn/plugin/actors.h"
#include "spawn/plugin/cpp/plugin.hpp"
#include "spawn/sdk/plugin.hpp"
#include "spawn_manifest.h"

// The author's: declares the actors.
void declare_actors(spawn::sdk::actor_set& app);

namespace {

namespace sdk = spawn::sdk;
using namespace spawn::plugin;

class actors_instance {
 public:
  explicit actors_instance(const create_args& args)
      : host_(args.host),
        actors_(SPAWN_ACTORS_NAME, SPAWN_ACTORS_VERSION, std::string(args.config_json)) {
    declare_actors(actors_);
    registration_ = actors_.registration();
  }

  [[nodiscard]] host_ref host() const noexcept { return host_; }
  [[nodiscard]] const sdk::plugin_actors& actors() const noexcept { return actors_; }
  [[nodiscard]] const std::string& registration() const noexcept { return registration_; }

 private:
  host_ref host_;
  sdk::plugin_actors actors_;
  std::string registration_;
};

struct lane_box {
  explicit lane_box(const actors_instance& of) : host(of.host()), calls(of.actors()) {}
  host_ref host;
  sdk::plugin_actors::lane calls;
};

void run(lane_box& on, spawn_op* op) {
  if (!covers<spawn_actors_call>(op)) {
    set_outcome(op, SPAWN_E_UNSUPPORTED, "the call is shorter than this plugin knows it");
    return;
  }
  auto& call = *reinterpret_cast<spawn_actors_call*>(op);
  using verdict = sdk::plugin_actors::lane::verdict;
  auto ended = on.calls.run(text(call.request));
  switch (ended.what) {
    case verdict::answered:
      call.answer = give(std::move(ended.bytes));
      set_outcome(&call.op, SPAWN_OK);
      break;
    case verdict::no_request:
      set_outcome(&call.op, SPAWN_E_INVALID, ended.bytes);
      break;
    case verdict::failed:
      set_outcome(&call.op, SPAWN_E_INTERNAL, ended.bytes);
      break;
  }
}

struct actors_glue {
  static const char* id() noexcept { return SPAWN_ACTORS; }
  static const void* table() noexcept {
    static constexpr spawn_actors made{
        sizeof(spawn_actors), 0, describe, lane_open, submit, lane_close};
    return &made;
  }

 private:
  static spawn_status describe(spawn_instance* self, spawn_buf* out) noexcept {
    try {
      *out = give(std::string(instance_of<actors_instance>(self).registration()));
      return SPAWN_OK;
    } catch (...) {
      return SPAWN_E_EXHAUSTED;
    }
  }
  static spawn_status lane_open(spawn_instance* self, std::uint32_t,
                                spawn_actors_lane** out) noexcept {
    try {
      *out = reinterpret_cast<spawn_actors_lane*>(new lane_box(instance_of<actors_instance>(self)));
      return SPAWN_OK;
    } catch (...) {
      return SPAWN_E_EXHAUSTED;
    }
  }
  static void submit(spawn_actors_lane* lane, spawn_op* const* calls, std::uint32_t n) noexcept {
    lane_box& on = *reinterpret_cast<lane_box*>(lane);
    const std::span all(calls, n);
    for (spawn_op* op : all) {
      try {
        run(on, op);
      } catch (...) {  // only memory: the action's own exceptions have ended it
        op->status = SPAWN_E_INTERNAL;
        op->error = give_static("out of memory");
      }
    }
    on.host.complete(all);
  }
  static void lane_close(spawn_actors_lane* lane) noexcept {
    delete reinterpret_cast<lane_box*>(lane);
  }
};

}  // namespace

SPAWN_PLUGIN(actors_instance, SPAWN_PLUGIN_MANIFEST_JSON, actors_glue)
