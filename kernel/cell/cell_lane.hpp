// Drives the cells of one lane: activation, turns, saves, passivation.
#pragma once
#include <memory>
#include <vector>

#include "base/log_limit.hpp"
#include "base/unique_function.hpp"
#include "cell/cell_table.hpp"
#include "cell/lane_stats.hpp"
#include "cell/outbound.hpp"
#include "cell/protocol_switches.hpp"
#include "cell/turn.hpp"
#include "hostcall/host_link.hpp"
#include "state/journal.hpp"
#include "state/record.hpp"
#include "state/writer_ids.hpp"
#include "workflow/engine.hpp"

namespace spawn {

struct cell_options {
  std::uint64_t request_ms = limits::request_timeout_ms;
  std::uint64_t deactivate_jitter_ms = limits::deactivate_jitter_ms;
  std::uint64_t doubt_ms = limits::doubt_repeat_ms_max;
  std::uint64_t cells_max = limits::active_actors_max;  // of this lane
  std::uint32_t save_turns_max = limits::save_turns_max;
  std::uint64_t save_bytes_max = limits::save_bytes_max;
  std::uint32_t hops_max = limits::hops_max;
  protocol_switches rules;
};

// What a lane's cells are built on. All borrowed; they outlive the cell_lane.
struct cell_services {
  lane& home;
  host_link& hosts;
  workflow_engine& workflows;
  record_codec& codec;
  writer_ids& writers;
  std::vector<journal*> stores;  // by definition.policy.store
  lane_stats& stats;
  outbound* out = nullptr;
};

// Implements durability.md rules 1-10 for its lane; which file has which: README.md. [lane]
class cell_lane {
 public:
  cell_lane(const cell_services& services, const cell_options& options);
  ~cell_lane();
  cell_lane(const cell_lane&) = delete;
  cell_lane& operator=(const cell_lane&) = delete;

  // Puts a message into the actor's mailbox, activating it if need be. `restore_revision`: the
  // revision its next activation begins with, 0 = the newest.
  void deliver(actor_view id, actor_type& type, std::uint64_t restore_revision,
               invocation_ptr message);
  // Activates without a message.
  void activate(actor_view id, actor_type& type, std::uint64_t restore_revision);

  // Passivates the actor as soon as it is quiet, so that its next message loads it afresh.
  void recycle(actor_view id);

  // A request that a host made while serving `caller`: handed back at once (true), or held until
  // what the running turn has read is durable, then sent through outbound (false; rule 6).
  [[nodiscard]] bool settle_caller(invocation_ptr& message, actor_view caller);

  // Takes no new requests, runs what waits in the mailboxes, saves everything that is not durable
  // and gives all memory back; `drained` runs when nothing is left.
  void drain(unique_function<void()> drained);

  [[nodiscard]] cell* find(actor_view id) const noexcept { return table_.find(id); }
  [[nodiscard]] const cell_table& table() const noexcept { return table_; }
  [[nodiscard]] const cell_options& options() const noexcept { return options_; }
  [[nodiscard]] cell_services& services() noexcept { return s_; }

 private:
  friend class cell;

  // activation.cpp
  cell* obtain(actor_view id, actor_type& type);
  bool make_room();
  void begin_activation(cell& c, std::uint64_t restore_revision);
  void load(cell& c);
  void loaded(load_request& request);
  [[nodiscard]] result<void> take_record(cell& c, load_request& request);
  static void take_content(cell& c, const record& read);
  void load_restore(cell& c, std::uint64_t revision);
  void restore_loaded(load_request& request);
  void load_failed(cell& c, const error& why);
  void start_fresh(cell& c);
  void after_load(cell& c);
  void run_init(cell& c);
  void fail_waiting(cell& c, failure why, const std::string& text);

  // turn.cpp
  void run_next(cell& c);
  void run_message(cell& c, invocation_ptr message);
  void call_host(cell& c, invocation_ptr message, bool is_init);
  void host_done(turn& ended);
  void log_host_failure(const invocation& message, failure why, const std::string& text);
  void turn_failed(cell& c, turn& ended, failure why, std::string text);
  void turn_succeeded(cell& c, turn& ended, std::string_view answer);
  void finish(cell& c, finished_turn ended, bool changed, bool durable_first);
  void release(finished_turn& ended);
  void enqueue(cell& c, invocation_ptr message);
  void expire(invocation& waiting);

  // state_orders.cpp
  void run_order(cell& c, invocation_ptr message);
  void load_for_order(cell& c, invocation_ptr message);
  void order_loaded(load_request& request);
  void order_ended(cell& c);
  void remove_state(cell& c, invocation_ptr message);
  void join(cell& c, save_batch& batch, finished_turn ended);
  void forget_content(cell& c);

  // commit.cpp
  save_batch& gather(cell& c);
  void start_save(cell& c);
  void submit(save_batch& batch);
  void saved(save_request& request);
  void save_ok(cell& c);
  void save_retry(cell& c, const error& why);
  void save_lost(cell& c, failure why, const std::string& text, bool to_another_owner = false);
  void settle_conflict(cell& c);
  void doubt(cell& c, const error& why);
  void batch_deadline(save_batch& batch);
  void note_deadline(save_batch& batch, const finished_turn& held);
  void free_request(save_batch& batch);
  void drop(cell& c);
  void settle_held(cell& c, std::uint64_t batch);
  void fail_held(cell& c, const std::string& text);
  void reread(cell& c);

  // passivation.cpp
  void touched(cell& c);
  void cell_timer(cell& c);
  void rearm(cell& c);
  void mark_dirty(cell& c);
  void maybe_forget(cell& c);
  void forget(cell& c);
  void drain_some();
  void check_drained();

  [[nodiscard]] journal& store_of(const cell& c) { return *s_.stores[c.def().policy.store]; }

  cell_services s_;
  const cell_options options_;
  cell_table table_;
  intrusive_list<cell, lru_tag> lru_;  // least recently used first
  op_slab<load_request> loads_;
  op_slab<save_request> saves_;
  std::uint64_t last_batch_ = 0;
  log_limit host_log_;
  log_limit doubt_log_;
  log_limit load_log_;
  bool draining_ = false;
  std::size_t drain_cursor_ = 0;
  struct drain_timer : timer {
    cell_lane* owner = nullptr;
  } drain_timer_;
  unique_function<void()> drained_;
};

}  // namespace spawn
