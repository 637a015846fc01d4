// What the callers were told, and whether a state agrees with it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "torture/applied.hpp"
#include "torture/messages.hpp"

namespace torture {

enum class fate : std::uint8_t {
  unknown,      // no answer, or one that says so
  acked,        // OK
  not_applied,  // refused, or NOT_APPLIED
  not_run,      // HTTP 503: the action never ran
};

// Thread: one.
class ledger {
 public:
  ledger(std::uint32_t actors, std::uint32_t slots, bool durable);

  // The next id of a slot; its fate is unknown until told() says more.
  [[nodiscard]] std::uint32_t next(std::uint32_t actor, std::uint32_t slot);
  void told(std::uint32_t actor, request_id id, int http, const answer& got);
  void complain(std::string text);

  // Each complaint names the actor and the broken promise.
  void check_state(std::uint32_t actor, const applied& state, const char* where);
  void check_runs(std::uint32_t actor, const applied& executed);

  [[nodiscard]] std::uint64_t count(fate f) const noexcept {
    return counts_[static_cast<std::size_t>(f)];
  }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& codes() const noexcept {
    return codes_;
  }
  [[nodiscard]] const std::vector<std::string>& complaints() const noexcept { return complaints_; }

 private:
  struct actor_book {
    std::vector<std::vector<fate>> slots;
    std::vector<std::uint64_t> last_count;  // per slot, of the last OK
    std::vector<bool> seen_counts;          // of any OK
  };
  void acked(std::uint32_t actor, std::uint32_t slot, std::uint64_t updates);

  const bool durable_;  // an OK is a promise for ever
  std::vector<actor_book> books_;
  std::uint64_t counts_[4] = {};
  std::map<std::string, std::uint64_t> codes_;
  std::vector<std::string> complaints_;
};

}  // namespace torture
