// Brings durable messages to actors of other systems.
#pragma once
#include "mesh/system_calls.hpp"
#include "router/outgoing_rows.hpp"

namespace spawn {

// One per lane, for the addresses whose names are the lane's. Each message is asked, as a call with
// an answer, until the other system has said how it ended, and then deleted: at least once, and
// once in its effect where the other side keeps the message id (durability.md 22). While nobody
// there is reached it waits, for as long as it takes; a failure that the other system tells of is
// tried again as often as a row's turn is, and ends in the dead letters. [lane]
class system_rows final : public outgoing_rows {
 public:
  // Borrows all. `incarnation` is this kernel's.
  system_rows(cell_services& services, const cell_options& options, store_desk& desk,
              system_calls& calls, std::uint64_t incarnation);

 private:
  void send(place where, invocation& message, std::uint32_t tries) override;
  [[nodiscard]] std::string_view what() const noexcept override { return "system"; }
  void answered(const place& where, std::uint32_t tries, system_answer got);

  const cell_options options_;
  system_calls& calls_;
  const std::uint64_t incarnation_;
};

}  // namespace spawn
