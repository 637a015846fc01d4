// How a swap opens and shuts the source of an activator.
#pragma once
#include <cstdint>

#include "base/unique_function.hpp"
#include "lane/lane.hpp"

namespace spawn {

// Stands before the intake of one activator. On the lane `home`, unless it says otherwise.
class intake_valve {
 public:
  virtual ~intake_valve() = default;
  // Takes messages from here on.
  virtual void open() = 0;
  // Takes no more; what is under way goes on.
  virtual void pause() = 0;
  // Takes no more, gives back what was not called yet, and calls back once nothing is under way.
  virtual void drain(unique_function<void()> drained) = 0;
  [[nodiscard]] virtual bool is_paused() const noexcept = 0;  // [any]
  [[nodiscard]] virtual lane& home() const noexcept = 0;      // [any]
};

}  // namespace spawn
