// What must be true of every run: the invariants of README.md.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/definition.hpp"
#include "model/outcome.hpp"
#include "sim/errand_ledger.hpp"
#include "sim/world.hpp"

namespace sim {

// What an actor's state is a list of: one entry per run of an action, oldest first. Upper bits: the
// request it belongs to; lower 16: which run of it.
using entry = std::uint64_t;
using request_id = std::uint64_t;
[[nodiscard]] constexpr request_id request_of(entry e) noexcept {
  return e >> 16;
}
[[nodiscard]] std::vector<entry> entries_in(std::string_view bytes);
[[nodiscard]] std::string bytes_of(const std::vector<entry>& entries);

enum class source : std::uint8_t { client, nested, effect, broadcast, pipe, flow, kernel };

// One message to one actor, as the simulator knows it.
struct request {
  request_id id = 0;
  source from = source::client;
  std::uint32_t actor = 0;
  std::uint64_t life = 0;  // of the kernel it was sent to
  std::uint32_t lane = 0;  // where it came in
  std::uint64_t sent_ns = 0;
  std::uint64_t deadline_ns = 0;
  bool is_read = false;
  bool ordered = false;         // no step on its way may overtake
  bool foreign_answer = false;  // what it is answered with is not its own result
  request_id keyed_as = 0;      // the first call with its idempotency key; 0: it has none
  bool answered = false;
  bool lost = false;  // its kernel died first
  spawn::failure why = spawn::failure::none;
  std::uint32_t runs = 0;
  bool ran = false;          // its last run has ended, as the kernel knows it
  bool is_durable = false;   // a row: it takes effect once, whatever happens
  bool is_row = false;       // it was in the store on its way, if only from there on
  bool keeps_order = false;  // among the rows of its sender to its receiver
  bool is_heard = false;     // a broadcast as one of its listeners gets it
  // For what a turn sent: the run that sent it, and the last entry of the state that run read.
  entry cause = 0;
  entry cause_read = 0;
  std::uint32_t cause_actor = 0;
  std::uint64_t acked_then = 0;  // reads: entries of the actor that were acknowledged when it began
  // What a client asks of a flow, and of which errand; what a flow asks of an actor.
  errand_call call = errand_call::none;
  std::uint64_t errand = 0;
  bool refused = false;      // the host fails it for good
  bool for_flow = false;     // a flow waits for the end of the chain it is of
  request_id undone_by = 0;  // of one sender to one receiver, in this order
  request_id undoes = 0;
};

// What the actor's operator said of it.
struct actor_facts {
  std::string name;
  std::string parent;
  spawn::durability mode = spawn::durability::commit;
  bool pooled = false;  // its actions run side by side
};

class checker {
 public:
  checker(world& in, std::vector<actor_facts> actors);

  request& add(request made);
  [[nodiscard]] request& at(request_id id) { return requests_[id - 1]; }
  [[nodiscard]] std::size_t requests() const noexcept { return requests_.size(); }

  // The store applied a save of an actor. `ordered`: it carries a restore or a delete, which takes
  // entries away or brings older ones back.
  struct change {
    std::string before, after;
    std::uint64_t revision_before = 0, revision = 0, writer = 0;
    bool ordered = false;
  };
  void landed(std::uint32_t actor, const change& what);
  void operator_changed(std::uint32_t actor, const std::string& now);
  // A message came to the host: what caused it must be stored. Returns the entry of this run.
  entry ran(request& what, std::uint64_t life, std::uint32_t actor);
  void run_ended(std::uint64_t life, std::uint32_t actor);
  // An answer reached who asked. `state`: the entries it shows; `own`: the run it answers for.
  void answered(request& what, const spawn::outcome& with);
  void kernel_died(std::uint64_t life);
  void fail(const char* invariant, const std::string& text);
  void at_end();
  // At the end, with every row that is left in the store: the requests that are pending, and those
  // that are dead letters. `quiet`: there was time for all of them.
  // Calls with a key whose end their row was never told, where there was time for all.
  void calls_at_end(const std::vector<std::string>& running);
  void rows_at_end(const std::unordered_set<request_id>& pending,
                   const std::unordered_set<request_id>& dead, bool quiet);

  [[nodiscard]] bool failed() const noexcept { return !failures_.empty(); }
  [[nodiscard]] const std::vector<std::string>& failures() const noexcept { return failures_; }
  [[nodiscard]] const std::vector<actor_facts>& actors() const noexcept { return actors_; }
  [[nodiscard]] bool is_stored(std::uint32_t actor, entry e) const {
    return e == 0 || of_[actor].stored.contains(e) || of_[actor].excused.contains(e);
  }
  [[nodiscard]] std::uint64_t acked(std::uint32_t actor) const { return of_[actor].acked.size(); }
  // Whether what an actor has seen can be told from its record, at any time.
  [[nodiscard]] bool keeps(std::uint32_t actor) const {
    return actors_[actor].mode == spawn::durability::commit && !actors_[actor].pooled &&
           !world_.plans.operators;
  }
  // Whether the request took effect in the actor, at some time.
  [[nodiscard]] bool is_in(std::uint32_t actor, request_id id) const {
    return of_[actor].request_in.contains(id);
  }
  // What a durable broadcast is to one of its listeners: a message of its own. 0: nothing.
  [[nodiscard]] request_id heard_as(request_id broadcast, std::uint32_t actor) const {
    const auto found = heard_as_.find({broadcast, actor});
    return found == heard_as_.end() ? 0 : found->second;
  }
  void hears(request_id broadcast, std::uint32_t actor, request_id as) {
    heard_as_[{broadcast, actor}] = as;
  }
  void note_errand(std::uint64_t number, std::uint64_t phase, std::uint64_t last_token) {
    world_.note("errand stored", number, phase, last_token);
  }
  errand_ledger errands{*this};
  struct totals {
    std::uint64_t ok = 0, not_applied = 0, unknown = 0, refused = 0, other = 0, lost = 0;
  } sum;

 private:
  struct per_actor {
    std::unordered_set<entry> stored;   // in the chain
    std::unordered_set<entry> excused;  // an operator took it away again
    std::unordered_map<request_id, entry> request_in;
    std::vector<entry> acked;
    std::map<std::uint64_t, request_id> running;                           // by kernel life
    std::map<std::pair<std::uint64_t, std::uint32_t>, request_id> newest;  // by life and lane
    std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> content_of;  // -> hash
    // Restores and deletes so far, and how many there had been when an entry was stored: an erased
    // sender numbers its rows anew.
    std::uint32_t orders = 0;
    std::unordered_map<entry, std::uint32_t> orders_before;
    // By sender and its orders: of messages to the actor itself, of broadcasts.
    std::map<std::pair<std::uint32_t, std::uint32_t>, request_id> newest_row, newest_heard;
  };
  void check_keyed(const request& what, const spawn::outcome& with);
  void check_answer(request& what, const spawn::outcome& with);
  void check_shown(const request& what, entry shown, const char* where);

  world& world_;
  std::vector<actor_facts> actors_;
  std::vector<per_actor> of_;
  std::vector<request> requests_;
  std::unordered_map<request_id, entry> answer_to_key_;  // by the first call
  std::map<std::pair<request_id, std::uint32_t>, request_id> heard_as_;
  std::vector<std::string> failures_;
};

}  // namespace sim
