// Where the answer of a request goes: a one-shot mailbox on the lane that asked.
#pragma once
#include "lane/lane.hpp"
#include "model/outcome.hpp"

namespace spawn {

// Whoever asks makes one, sets `home` and `arrived`, and hands the pointer to the kernel with the
// invocation. Exactly one answer() follows, from any lane; `arrived` then runs on `home` and may
// destroy the slot. An asker that gives up waiting keeps the slot alive until it arrives.
struct reply_slot : task {
  lane* home = nullptr;
  void (*arrived)(reply_slot&) = nullptr;
  outcome result;

  // [any lane]
  void answer(outcome with) {
    result = std::move(with);
    run = [](task& t) {
      auto& self = static_cast<reply_slot&>(t);
      self.arrived(self);
    };
    home->post(*this);
  }
};

}  // namespace spawn
