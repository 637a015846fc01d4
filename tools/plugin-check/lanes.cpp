#include "lanes.hpp"

#include "spawn/plugin/actors.h"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/workflow.h"

namespace spawn::check {
namespace {

template <class Table, class Lane>
void* open_one(const instance& on, const char* id, std::uint32_t number) {
  Lane* out = nullptr;
  const spawn_status got = on.interface<Table>(id)->lane_open(on.raw(), number, &out);
  contract::require(got == SPAWN_OK, "lane_open answered " + described_status(got));
  contract::require(out != nullptr, "lane_open answered OK and gave no lane");
  return out;
}

template <class Table, class Lane>
void close_one(const instance& on, const char* id, void* lane) {
  on.interface<Table>(id)->lane_close(static_cast<Lane*>(lane));
}

}  // namespace

lanes::lanes(subject& of, instance& on, std::uint32_t wanted)
    : on_(on), kind_(of.manifest().kind), size_(of.one_lane() ? 1 : wanted) {
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (kind_ == "statestore") {
      open_.push_back(open_one<spawn_statestore, spawn_ss_lane>(on_, SPAWN_STATESTORE, i));
    } else if (kind_ == "transport") {
      open_.push_back(open_one<spawn_transport, spawn_tp_lane>(on_, SPAWN_TRANSPORT, i));
    } else if (kind_ == "activator") {
      open_.push_back(open_one<spawn_activator, spawn_ac_lane>(on_, SPAWN_ACTIVATOR, i));
    } else if (kind_ == "actors" && on_.interface<spawn_actors>(SPAWN_ACTORS)->submit != nullptr) {
      open_.push_back(open_one<spawn_actors, spawn_actors_lane>(on_, SPAWN_ACTORS, i));
    }
  }
}

void lanes::close() {
  for (void* lane : open_) {
    if (kind_ == "statestore") {
      close_one<spawn_statestore, spawn_ss_lane>(on_, SPAWN_STATESTORE, lane);
    } else if (kind_ == "transport") {
      close_one<spawn_transport, spawn_tp_lane>(on_, SPAWN_TRANSPORT, lane);
    } else if (kind_ == "actors") {
      close_one<spawn_actors, spawn_actors_lane>(on_, SPAWN_ACTORS, lane);
    } else {
      close_one<spawn_activator, spawn_ac_lane>(on_, SPAWN_ACTIVATOR, lane);
    }
  }
  open_.clear();
}

}  // namespace spawn::check
