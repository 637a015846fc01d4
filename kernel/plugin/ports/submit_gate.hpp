// What lets operations through to a port, or keeps them while the plugin behind it is changed.
#pragma once
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "lane/lane.hpp"
#include "spawn/plugin/abi.h"

namespace spawn {

// One gate for each lane, which only that lane touches. Port has submit(lane&, span of spawn_op*).
// While a gate is closed, batches wait in the order of their coming; how many may be under way is
// bounded above it (limits.save_turns, limits.inflight_bytes), as while a plugin is slow.
template <class Port>
class submit_gate {
 public:
  submit_gate(std::size_t lanes, Port& to) : slots_(lanes, slot{&to, {}}) {}

  void submit(lane& from, std::span<spawn_op* const> ops) {
    slot& at = slots_[from.index()];
    if (at.to != nullptr) [[likely]] {
      at.to->submit(from, ops);
    } else {
      at.waiting.push_back({{ops.begin(), ops.end()}, from.now_ns()});
    }
  }

  // [lane]
  void close(lane& at) { slots_[at.index()].to = nullptr; }

  // What waited goes to `next`, and all that comes later. Adds how long each batch waited. [lane]
  void open(lane& at, Port& next, std::vector<std::uint64_t>& waited_ns) {
    slot& here = slots_[at.index()];
    here.to = &next;
    for (const batch& each : std::exchange(here.waiting, {})) {
      waited_ns.push_back(at.now_ns() - each.since_ns);
      next.submit(at, each.ops);
    }
  }

 private:
  struct batch {
    std::vector<spawn_op*> ops;
    std::uint64_t since_ns;
  };
  struct slot {
    Port* to;  // null: closed
    std::vector<batch> waiting;
  };

  std::vector<slot> slots_;  // by lane
};

}  // namespace spawn
