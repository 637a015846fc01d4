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
#include "state/rows/call_desk.hpp"
#include "state/rows/row_codec.hpp"
#include "state/rows/row_keeper.hpp"
#include "state/writer_ids.hpp"
#include "workflow/engine.hpp"
#include "workflow/flow_runner.hpp"

namespace spawn {

// What becomes of a message row whose turn fails (durability.md 18).
struct row_policy {
  std::uint32_t attempts_max = limits::row_attempts_max;
  std::uint64_t backoff_first_ms = limits::row_backoff_first_ms;
  std::uint64_t backoff_max_ms = limits::row_backoff_max_ms;
};
// Before attempt `attempts` + 1: doubled each time, with jitter.
[[nodiscard]] std::uint64_t row_backoff_ms(const row_policy& policy, std::uint32_t attempts,
                                           random& rng) noexcept;
// Whether a failure says nothing against trying again.
[[nodiscard]] bool is_retried(failure why) noexcept;

[[nodiscard]] std::string action_unknown(const invocation& message);

struct cell_options;
// How long the action of a row may take: what its sender asked for (metadata request-timeout), else
// the default. The row itself has no deadline (durability.md 20).
[[nodiscard]] std::uint64_t row_limit_ms(const cell_options& options,
                                         const invocation& message) noexcept;

struct cell_options {
  std::uint64_t request_ms = limits::request_timeout_ms;
  std::uint64_t request_ms_max = limits::request_timeout_ms_max;
  std::uint64_t deactivate_jitter_ms = limits::deactivate_jitter_ms;
  std::uint64_t doubt_ms = limits::doubt_repeat_ms_max;
  std::uint64_t cells_max = limits::active_actors_max;  // of this lane
  std::uint32_t save_turns_max = limits::save_turns_max;
  std::uint64_t save_bytes_max = limits::save_bytes_max;
  std::uint32_t hops_max = limits::hops_max;
  row_policy rows;
  std::uint32_t fan_out_rows = limits::fan_out_rows_max;
  std::uint32_t keys_keep_s = limits::idempotency_keys_keep_s;
  protocol_switches rules;
};

// What a lane's cells are built on. All borrowed; they outlive the cell_lane.
struct cell_services {
  lane& home;
  host_link& hosts;
  workflow_engine& workflows;
  flow_runner& flows;
  record_codec& codec;
  writer_ids& writers;
  std::vector<journal*> stores;  // by definition.policy.store
  lane_stats& stats;
  row_codec& rows;
  row_keeper& keeper;
  byte_budget& budget;
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

  // Message rows wait for the actor in its store: activates it and fetches them. The ticket is held
  // until there is nothing left to fetch.
  void wake(actor_view id, actor_type& type, std::shared_ptr<void> ticket);
  // While rows of an earlier life may wait unseen, every activation looks for its own.
  void set_recovering(bool recovering) noexcept { recovering_ = recovering; }

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
  [[nodiscard]] call_desk& calls() noexcept { return calls_; }

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
  void refuse(cell& c, invocation_ptr message, failure why, std::string text);
  void call_host(cell& c, invocation_ptr message, bool is_init);
  void host_done(turn& ended);
  void log_host_failure(const invocation& message, failure why, const std::string& text);
  void turn_failed(cell& c, turn& ended, failure why, std::string text);
  void turn_succeeded(cell& c, turn& ended, std::string_view answer);
  void finish(cell& c, finished_turn ended, bool changed, bool durable_first);
  void release(finished_turn& ended);
  void enqueue(cell& c, invocation_ptr message);
  void expire(invocation& waiting);

  // flow_turn.cpp
  void run_flow(cell& c, invocation_ptr message);
  void recover_flow(cell& c);
  [[nodiscard]] result<flow_state> flow_of(const cell& c) const;
  void flow_call(cell& c, flow_state& state, invocation_ptr message);
  void flow_told(cell& c, flow_state& state, invocation_ptr message);
  void run_due(cell& c, flow_state& state, flow_output& out);
  void end_flow_turn(cell& c, flow_state& state, flow_output& out, finished_turn ended);
  void tell_callers(cell& c, save_batch& batch, finished_turn& ended);
  [[nodiscard]] invocation_ptr timer_row(const cell& c, std::uint64_t life, std::int64_t due_ms);
  // held_back.cpp
  void turn_held_back(cell& c, turn& ended);
  void put_off_in_memory(cell& c, invocation_ptr message, std::uint64_t wait_ms);

  // outbox.cpp
  [[nodiscard]] bool is_durable_sender(const cell& c) const;
  void join_group(cell& c, save_batch& batch, finished_turn& ended);
  [[nodiscard]] bool sends_rows(const cell& c, emission& out) const;
  void emit_rows(cell& c, finished_turn& ended);
  void emit_broadcasts(cell& c, emission& out);
  void tell_flow(cell& c, finished_turn& ended);
  void make_row(cell& c, invocation& message, row_kind kind);

  // keyed_calls.cpp
  void note_key(cell& c, invocation& message);
  void ask_for_key(cell& c, const std::shared_ptr<call_key>& key);
  static void key_told(call_key& key, result<call_row> found);
  [[nodiscard]] bool knows_key(cell& c, const invocation& first);
  [[nodiscard]] bool answer_repeat(cell& c, invocation_ptr& message);
  [[nodiscard]] bool is_keyed(const cell& c, const finished_turn& ended) const;
  void take_key(cell& c, save_batch& batch, finished_turn& ended);
  [[nodiscard]] call_row end_of_call(std::string digest, const finished_turn& ended) const;
  void end_chain(cell& c, save_batch& batch, finished_turn& ended);
  [[nodiscard]] result<void> seal_calls(save_batch& batch);
  static void call_stored(const cell& c, finished_turn& ended);
  void settle_call_conflict(cell& c, const spawn_ss_save& op);

  // reminders.cpp
  [[nodiscard]] bool take_reminder(cell& c, invocation_ptr& message);
  void put_back(cell& c, invocation_ptr message);
  void order_reminder(cell& c, invocation_ptr message);
  void fire_reminder(cell& c, invocation_ptr message);
  void declare_reminders(cell& c);
  void arm(cell& c, armed_reminder what, payload_view argument, finished_turn& in,
           std::int64_t not_before_ms = 0);
  static void disarm(cell& c, std::string_view name, finished_turn& in);
  static void disarm_all(cell& c, finished_turn& in);
  static void note_armed(cell& c, const invocation& made);

  // messages.cpp
  inbox& inbox_of(cell& c);
  void take_hint(cell& c, invocation_ptr message);
  void take_row(cell& c, invocation_ptr message);
  void revive(cell& c);
  void pump(cell& c);
  void listed(list_request& request);
  [[nodiscard]] bool take_page(cell& c, const spawn_ss_list& page);
  void row_failed(cell& c, invocation_ptr message, failure why, const std::string& text);
  void row_written(cell& c, invocation_ptr message, bool stays, row_outcome how,
                   const std::string& cause);
  void consume_alone(cell& c, finished_turn& ended);
  void conclude_alone(cell& c, invocation_ptr of, const outcome& how, invocation_ptr end);
  void row_concluded(cell& c, const message_row& row);
  void take_from_mailbox(cell& c, const message_row& failed);
  template <class F>
  void drop_rows(cell& c, F&& which);
  void forget_rows(cell& c);
  [[nodiscard]] bool has_work(const cell& c) const noexcept {
    return c.waiting > 0 || (c.rows && c.rows->wants_page() && !draining_);
  }

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
  [[nodiscard]] result<void> seal_group(cell& c, save_batch& batch);
  void fill_group(cell& c, save_batch& batch);
  void submit(save_batch& batch);
  void group_ended(save_batch& batch);
  void settle_row_conflict(cell& c, const spawn_ss_save& row);
  void save_ok(cell& c);
  void save_retry(cell& c, const error& why);
  // What becomes of turns whose save was lost: rows are run again in any case, but for those of a
  // save that will never be taken, whose turn counts as failed.
  enum class rerun : std::uint8_t { none, if_allowed, all, refused };
  void save_lost(cell& c, failure why, const std::string& text, rerun again = rerun::none);
  void settle_conflict(cell& c);
  void doubt(cell& c, const error& why);
  void batch_deadline(save_batch& batch);
  void note_deadline(save_batch& batch, const finished_turn& held);
  void free_requests(save_batch& batch);
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
  call_desk calls_;
  cell_table table_;
  intrusive_list<cell, lru_tag> lru_;  // least recently used first
  op_slab<load_request> loads_;
  op_slab<save_request> saves_;
  op_slab<list_request> lists_;
  std::uint64_t last_batch_ = 0;
  log_limit host_log_;
  log_limit doubt_log_;
  log_limit load_log_;
  bool draining_ = false;
  bool recovering_ = false;
  std::size_t drain_cursor_ = 0;
  struct drain_timer : timer {
    cell_lane* owner = nullptr;
  } drain_timer_;
  unique_function<void()> drained_;
};

}  // namespace spawn
