// Brings what actors publish to the sinks: rows that were stored with the states that caused them
// go out until the system outside has confirmed them.
#pragma once
#include "router/outgoing_rows.hpp"
#include "workflow/sink_directory.hpp"

namespace spawn {

// One per lane, for the sinks whose names (channel_name.hpp) are the lane's. A row is deleted once
// its message is confirmed, so a message goes out again after a crash: at least once, with the same
// dedup id. One that the sink refuses for good becomes a dead letter; everything else is tried
// again for as long as it takes. [lane]
class publisher final : public outgoing_rows {
 public:
  // Borrows all; the directory may be null: there are no sinks.
  publisher(cell_services& services, store_desk& desk, const sink_directory* sinks);
  ~publisher() override;

 private:
  struct message_op;

  void send(place where, invocation& message, std::uint32_t tries) override;
  [[nodiscard]] bool admits(actor_view, std::uint32_t) override { return true; }
  [[nodiscard]] std::string_view kind() const noexcept override { return "sink"; }
  void ended(message_op& op);

  const sink_directory* const sinks_;
  op_slab<message_op> ops_;
};

}  // namespace spawn
