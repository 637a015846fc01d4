#include "plugin/ports/swappable_activator_port.hpp"

namespace spawn {

swappable_activator_port::swappable_activator_port(std::unique_ptr<activator_port> first)
    : name_(first->name()),
      capabilities_(first->capabilities()),
      home_(first->home()),
      to_(first.get()),
      now_(std::move(first)) {}

void swappable_activator_port::listen(activator_listener* to) noexcept {
  listener_ = to;
  now()->listen(to);
}

std::shared_ptr<activator_port> swappable_activator_port::now() const {
  const std::lock_guard hold(mutex_);
  return now_;
}

void swappable_activator_port::set(std::shared_ptr<activator_port> next) {
  const std::lock_guard hold(mutex_);
  now_ = std::move(next);
}

}  // namespace spawn
