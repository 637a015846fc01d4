// One message of an activator, from its offer to its settle. Internal to the intake.
#pragma once
#include <memory>
#include <string>

#include "intake/intake.hpp"

namespace spawn {

// Made on the plugin's thread, from then on the intake's lane's.
struct intake::work : delivery, list_hook<work_tag> {
  work(const spawn_delivery& from, intake& of) : delivery(from), owner(of) {
    again.owner = this;
    slot.owner = this;
  }

  enum class stage : std::uint8_t { behind, called_soon, calling, waiting, burying };

  intake& owner;
  stage is = stage::behind;
  bool is_routed = false;
  std::string unroutable;  // why it can not be called; empty: it can
  routed to;
  std::string source;
  std::string line;         // whose turn it waits for; empty: nobody's
  std::uint32_t tries = 0;  // that count
  std::uint32_t waits = 0;  // that do not
  std::uint64_t arrived_ns = 0;
  std::uint64_t hold_ns = 0;  // how long the source lets it be held at a time; 0: for ever
  struct again_timer : timer {
    work* owner = nullptr;
  } again;
  struct call_slot : reply_slot {
    work* owner = nullptr;
  } slot;
  invocation_ptr letter;

  // Finds its way and reads its body, which may be large: on the plugin's thread, before it is
  // posted.
  void prepare(const route_table& routes, std::uint64_t body_max);
  [[nodiscard]] invocation_ptr make_invocation(std::string_view activator) const;
  // The dead letter that it becomes; what could not be routed is addressed to the activator.
  [[nodiscard]] invocation_ptr make_letter(std::string_view activator, std::string why,
                                           std::int64_t now_ms) const;
  // The source's memory is its own again; what is needed of it has been copied.
  void release_bytes() noexcept;
};

// A verdict with the bytes that it points to, until the plugin has been told.
struct intake::settled {
  settled(std::uint64_t token, spawn_settle with, std::string text, outcome answered);
  // Slices are cut here. Valid until destroyed.
  [[nodiscard]] const spawn_settle& fill();

 private:
  spawn_settle raw_;
  std::string text_;
  outcome answer_;
};

}  // namespace spawn
