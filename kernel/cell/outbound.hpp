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
  // Whether actors in mode commit listen to that channel: theirs goes as a row (durability.md 24).
  [[nodiscard]] virtual bool is_heard_durably(std::string_view system,
                                              std::string_view channel) const = 0;
  // A row with a due time is stored: it will be sent when it is due.
  virtual void stored_for_later(const message_row& row) = 0;
  // Deletes a row that means nothing any more, in time; harmless if it is not there.
  virtual void drop_row(std::uint32_t store, std::string key) = 0;
  // Whether rows with this address are for that actor.
  [[nodiscard]] virtual bool is_address_of(actor_view address, actor_view id) = 0;

  // --- replies that rows have taken over (durability.md 21) ---------------------------------
  // Keeps the caller's place until it is answered or its deadline has passed.
  [[nodiscard]] virtual reply_ref park(reply_slot& caller, std::uint64_t deadline_ns) = 0;
  [[nodiscard]] virtual bool is_parked(reply_ref place) const = 0;
  // Takes the place back on the lane that parked it; null when it was answered meanwhile.
  [[nodiscard]] virtual reply_slot* unpark(reply_ref place) = 0;
  // Answers the caller, on whichever lane it waits; a no-op when nobody waits any more.
  virtual void answer(reply_ref place, outcome with) = 0;
  // A slot whose answer goes to that place: for what carries the reply on in memory alone.
  [[nodiscard]] virtual reply_slot* slot_for(reply_ref place) = 0;

  // A restore was made durable: the binding no longer asks for a revision.
  virtual void restored(actor_view id) = 0;
};

}  // namespace spawn
