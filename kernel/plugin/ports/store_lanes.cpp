#include "plugin/ports/store_lanes.hpp"

namespace spawn {

bool store_channel::open(instance_core& core, const spawn_statestore& table, std::uint32_t lane,
                         std::string& why) {
  if (handle != nullptr) {
    return true;
  }
  spawn_status status = SPAWN_E_INTERNAL;
  spawn_ss_lane* made = nullptr;
  const bool returned =
      core.call(times, "lane_open", true, [&] { status = table.lane_open(core.raw, lane, &made); });
  if (returned && status == SPAWN_OK && made != nullptr) {
    handle = made;
    return true;
  }
  why = "instance " + core.name + ": lane_open answered " +
        std::string(name(status == SPAWN_OK ? errc::internal : known_status(status)));
  return false;
}

void store_channel::close(instance_core& core, const spawn_statestore& table) {
  if (handle != nullptr) {
    static_cast<void>(core.call(times, "lane_close", true, [&] { table.lane_close(handle); }));
    handle = nullptr;
  }
}

}  // namespace spawn
