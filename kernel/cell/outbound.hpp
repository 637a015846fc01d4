// What cells ask of the station above them. Implemented by the router. [lane]
#pragma once
#include "model/invocation.hpp"
#include "workflow/engine.hpp"

namespace spawn {

class outbound {
 public:
  virtual ~outbound() = default;
  // Sends a message on its way, here or to another lane.
  virtual void route(invocation_ptr message) = 0;
  virtual void broadcast(broadcast_order order) = 0;
  // A restore was made durable: the binding no longer asks for a revision.
  virtual void restored(actor_view id) = 0;
};

}  // namespace spawn
