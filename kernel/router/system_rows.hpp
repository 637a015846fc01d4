// Brings durable messages to actors of other systems.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "base/log_limit.hpp"
#include "mesh/system_calls.hpp"
#include "router/outgoing_rows.hpp"

namespace spawn {

// One per lane, for the addresses whose names are the lane's. Each message is asked, as a call with
// an answer, until the other system has said how it ended, and then deleted: at least once, and
// once in its effect where the other side keeps the message id (durability.md 22).
//
// While a system is not reached its messages are left in the store: one of them tries again, after
// ever longer waits, and the others follow once that got an answer. That costs no attempt. What was
// asked and not answered does, and so does a failure that the other system tells of; such a message
// is tried as often as a row's turn is, and ends in the dead letters. At most `asks_max` of a
// system's are out. [lane]
class system_rows final : public outgoing_rows {
 public:
  static constexpr std::size_t asks_max = 256;
  static constexpr std::size_t remembered_max = 1'024;  // addresses of a system that is away

  struct parts {
    // Whether a system's messages go out at all: no host has registered it here.
    unique_function<bool(std::string_view system)> is_elsewhere;
    // Rows that wait for an address which is this kernel's own by now.
    unique_function<void(actor_id address, std::uint32_t store)> hand_back;
    std::uint64_t incarnation = 0;  // of this kernel
  };
  // Borrows all but the parts.
  system_rows(cell_services& services, const cell_options& options, store_desk& desk,
              system_calls& calls, parts with);
  ~system_rows() override;

 private:
  struct absence;
  struct traffic;

  void send(place where, invocation& message, std::uint32_t tries) override;
  [[nodiscard]] bool admits(actor_view address, std::uint32_t store) override;
  [[nodiscard]] std::string_view kind() const noexcept override { return "system"; }

  void ask(const place& where);
  void ask_next(const std::string& system);
  void answered(const place& where, system_answer got);
  void has_ended(const place& where, const outcome& how);
  void has_failed(const place& where, const outcome& how);
  void is_unanswered(const place& where, const outcome& how);
  void is_there(const std::string& system);
  void is_away(const place& where, const std::string& why);
  void probe(absence& of);

  const cell_options options_;
  system_calls& calls_;
  parts with_;
  std::map<std::string, std::unique_ptr<absence>, std::less<>> away_;  // by system
  std::map<std::string, traffic, std::less<>> traffic_;
  log_limit log_;
};

}  // namespace spawn
