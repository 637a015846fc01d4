// What must be true of errands: the flows of a run, as their callers, the store and the receivers
// of their calls see them.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/unique_function.hpp"
#include "model/invocation.hpp"
#include "model/outcome.hpp"
#include "sim/errand.hpp"
#include "workflow/flow_state.hpp"

namespace sim {

class checker;
struct request;

// What a client asks of a virtual actor.
enum class errand_call : std::uint8_t { none, start, run, await, stop, ask };

// Follows what is stored: judges by the records of flows that landed, never by what a kernel has in
// memory. Names that are stopped or removed from outside ("s0", ...) owe less: how their errands
// end is not asked.
class errand_ledger {
 public:
  explicit errand_ledger(checker& judge) : judge_(judge) {}

  // Names that clients use for their own, and those of the children of their errands.
  [[nodiscard]] static const std::vector<std::string>& names();
  [[nodiscard]] static const std::vector<std::string>& child_names();
  [[nodiscard]] static bool is_stoppable(std::string_view name) { return name.starts_with('s'); }

  [[nodiscard]] std::uint64_t next_number() const noexcept { return errands_.size() + 1; }
  void add(const std::string& name, errand_plan plan);
  // Of a store key: the name of the flow whose record it is, or empty.
  [[nodiscard]] static std::string name_of(std::string_view key);
  // The store applied a save of a flow's record. Empty: nothing is left of it but a tombstone.
  void landed(const std::string& name, std::string_view content);
  // Whether a stored step has sent this request.
  [[nodiscard]] bool has_sent(std::uint64_t id) const { return sent_.contains(id); }
  void answered(const request& what, const spawn::outcome& with);
  // Flows that are there, and errands that were accepted and have not come to their end.
  [[nodiscard]] bool is_quiet() const;
  // With every row that is left in the store. `quiet`: there was time for all of them.
  void at_end(const std::vector<std::pair<std::string, spawn::invocation_ptr>>& rows, bool quiet);

  struct totals {
    std::uint64_t begun = 0, completed = 0, undone = 0, unseen = 0, left = 0;
  };
  // How the errands of the run stand. `unseen`: ended, and how is not on record.
  [[nodiscard]] totals sum() const;

  spawn::unique_function<void()> on_landed;  // may be empty

 private:
  struct errand {
    std::string name;
    errand_plan plan;
    bool accepted = false;  // its starter was told so
    bool refused = false;   // its starter was told that it was not, and never would be, begun
    bool begun = false;     // it is, or was, in the store
    bool gone = false;      // its flow has ended: a tombstone, or another errand of this name
    errand_state last;      // as it was stored last
  };
  errand& at(std::uint64_t number) { return errands_[number - 1]; }
  void fail(const char* invariant, const errand& of, const std::string& text);
  void look_at_steps(const errand& of, const errand_state& now);
  void check_start(const request& what, const spawn::outcome& with);
  void check_await(const request& what, const spawn::outcome& with);
  [[nodiscard]] bool may_have_ended(const errand& of, errand_end how) const;
  void check_tokens(const std::vector<std::pair<std::string, spawn::invocation_ptr>>& rows);
  void check_effects(const errand& of, const std::unordered_set<std::uint64_t>& pending);
  void check_unseen_end(const errand& of);
  void check_step(const errand& of, std::size_t which);

  checker& judge_;
  std::vector<errand> errands_;
  std::unordered_set<std::uint64_t> sent_;
  // Live flows, as they are stored, with the number of their errand.
  std::map<std::string, std::pair<std::uint64_t, spawn::flow_state>> flows_;
};

}  // namespace sim
