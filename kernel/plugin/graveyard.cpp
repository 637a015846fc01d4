#include "plugin/graveyard.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace spawn {

void keep_until_exit(std::shared_ptr<void> thing) {
  // Made with new and never deleted: plugin threads may outlive static destructors.
  static auto* mutex = new std::mutex;
  static auto* things = new std::vector<std::shared_ptr<void>>;
  const std::lock_guard hold(*mutex);
  things->push_back(std::move(thing));
}

}  // namespace spawn
