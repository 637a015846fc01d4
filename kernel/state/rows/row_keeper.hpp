// Writes to message rows outside of an actor's save: rows from outside, attempts, dead letters.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/unique_function.hpp"
#include "state/journal.hpp"
#include "state/rows/call_row.hpp"
#include "state/rows/row_codec.hpp"
#include "state/writer_ids.hpp"

namespace spawn {

// How a write ended.
enum class row_outcome : std::uint8_t {
  done,
  gone,     // the row is not there as expected: consumed, cancelled, or written by another
  refused,  // nothing was or will be written
  unknown,  // may have been written
};

struct row_options {
  std::uint32_t dead_ttl_s = limits::dead_letters_keep_s;
  std::uint32_t guard_ttl_s = 7 * 86'400;  // how long a transfer is remembered
};

// Every write is one atomic group. But for insert() they are repeated until their outcome is
// certain, since repeating them can do no harm (durability.md 16, 18, 19). [lane]
class row_keeper {
 public:
  using done_fn = unique_function<void(row_outcome, std::string why)>;

  row_keeper(lane& home, std::vector<journal*> stores, row_codec& codec, writer_ids& writers,
             const row_options& options);
  ~row_keeper();
  row_keeper(const row_keeper&) = delete;
  row_keeper& operator=(const row_keeper&) = delete;

  // A row without a sender's record: fills identity and key, and submits it once, since a second
  // one might land after the row was consumed (rule 16). `message` is the caller's until `done`.
  void insert(invocation& message, done_fn done);
  // The same with the row of the idempotency key that it came with, which may be repeated since
  // that row guards it. gone: the key is there already, or not as expected.
  void insert_call(invocation& message, call_write call, done_fn done);
  // Deletes a row: its turn has run in an actor without a durable record, or an operator wants it
  // gone. `end`, when given, goes in with it: the end of the chain for the row of its call.
  void consume(const message_row& row, invocation_ptr end, done_fn done);
  // The same, and tells the flow that waits for it: `told` is its outcome's row, or null. The row
  // and `told` are the caller's until `done`.
  void conclude(const message_row& row, const invocation* told, invocation_ptr end, done_fn done);
  // Deletes a row that brought the end of a chain, and writes it where it belongs.
  void settle(const message_row& row, call_write call, done_fn done);
  // Writes attempts, next_try_ms and last_error as they stand in the row, whose revision and writer
  // are then the new ones. `message` is the caller's until `done`.
  void put_off(invocation& message, done_fn done);
  // To the dead letters; `told`, when given, is a row for the flow that waits for it and goes in
  // the same group (rule 19). Both are the caller's until `done`. The row of the call that the
  // message's chain began with is told. A row that is marked as blocked stays where it is as well,
  // with that mark, and what is behind it waits; such a dead letter is kept without a limit.
  void bury(invocation& message, const invocation* told, done_fn done);
  // Of a message from outside that never was a row: a dead letter at once. Its row says why.
  void bury_new(invocation& message, done_fn done);
  // From the store it is in to another, guarded against coming there twice (rule 17). In the row,
  // `store` is then the new one.
  void transfer(invocation& message, std::uint32_t to, done_fn done);
  // One step of a broadcast on its way to the subscribers (rule 24): these rows in, named and not
  // stored yet, and the fan_out row written with its cursor or, after the last step, deleted. It
  // has its new revision and writer then, whatever the outcome; nothing of it is kept.
  void fan_out(invocation& message, std::span<const invocation_ptr> to, bool is_last, done_fn done);
  // A dead letter's way back: out of d/, in again as a new row from outside (rule 19).
  void replay(invocation& dead, done_fn done);
  // A blocked row and its dead letter: the letter goes, and the row is like new, in its old place.
  // `blocked` is the caller's until `done`.
  void unblock(invocation& blocked, const message_row& dead, done_fn done);
  // The same, but the row goes as well.
  void drop_blocked(const message_row& blocked, const message_row& dead, done_fn done);

  // Who is given the end of a chain once it is stored with the fate of the chain's last row.
  void bring_ends_to(unique_function<void(invocation_ptr)> router) { bring_ = std::move(router); }

  // Nothing is repeated any more; what is at the store ends there.
  void stop() noexcept { stopped_ = true; }
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  [[nodiscard]] std::uint64_t incarnation() const noexcept { return birth_; }

 private:
  struct job;
  struct job_tag;
  struct write;
  job& begin(std::uint32_t store, bool once, done_fn done);
  void add_guard(job& to, const invocation& message);
  void add_delete(job& to, const message_row& row);
  static void add_call(job& to, call_write call);
  void add_end(job& to, invocation_ptr end);
  void add_insert(job& to, std::string key, const invocation& message, std::uint32_t ttl_s);
  void add_rewrite(job& to, invocation& message, const message_row& was);
  static void make_unawaited(message_row& row);
  void name_from_outside(message_row& row, const invocation& message);
  void submit(job& work);
  void ended(job& work);
  void finish(job& work, row_outcome with, std::string why);

  lane& lane_;
  std::vector<journal*> stores_;
  row_codec& codec_;
  writer_ids& writers_;
  const row_options options_;
  const std::uint64_t birth_;  // of rows from outside: this lane's life
  std::uint64_t last_seq_ = 0;
  op_slab<save_request> ops_;
  intrusive_list<job, job_tag> jobs_;
  unique_function<void(invocation_ptr)> bring_;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;
};

}  // namespace spawn
