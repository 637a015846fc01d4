#include "sql-common/engine.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <unordered_set>
#include <utility>

#include "sql-common/plain_saves.hpp"

namespace sql_store {

namespace {

using spawn::plugin::set_outcome;
using spawn::plugin::take_back;

constexpr std::uint64_t ns_per_ms = 1'000'000;
constexpr int tries_max = 12;
constexpr std::uint64_t retry_ms_max = 100;
constexpr std::uint64_t backoff_first_ms = 50, backoff_last_ms = 3'000;
constexpr std::uint32_t retry_after_ms = 100;
// Plain saves take their locks in the server's order: two kernels on the same keys could wait for
// each other until the server finds out. Where somebody else was met, locks are taken in order.
constexpr std::uint64_t plain_pause_ms = 5'000;
constexpr std::uint64_t segment_bytes_max = 16u << 20;
constexpr std::int64_t sweep_every_ms = 1'000;
// Longer than any save can linger anywhere, so that a late one meets the tombstone.
constexpr std::int64_t tombstone_ms = 24 * 3600 * 1000;

void fail(spawn_op* op, spawn_status status, const std::string& why) {
  take_back(op);
  set_outcome(op, status, why);
  op->retry_after_ms = retry_after_ms;
}

spawn_status status_of(trouble kind) noexcept {
  switch (kind) {
    case trouble::corrupt:
      return SPAWN_E_CORRUPT;
    case trouble::too_large:
      return SPAWN_E_TOO_LARGE;
    default:
      return SPAWN_E_UNAVAILABLE;
  }
}

}  // namespace

void health_board::broken(const std::string& why) {
  const std::lock_guard hold(mutex_);
  if (++broken_ == 1) {
    host_.health(false, why);
    host_.log(spawn::plugin::level::error, "the database fails", spawn::plugin::field{"why", why});
  }
}

void health_board::mended() {
  const std::lock_guard hold(mutex_);
  if (--broken_ == 0) {
    host_.health(true, {});
    host_.log(spawn::plugin::level::info, "the database works again");
  }
}

engine::engine(spawn::plugin::host_ref host, const engine_settings& settings, health_board& health,
               std::unique_ptr<session> connection)
    : host_(host),
      settings_(settings),
      health_(health),
      connection_(std::move(connection)),
      jitter_(static_cast<std::minstd_rand::result_type>(host.now_ns())) {}

std::optional<sql_error> engine::connect(std::uint64_t limit_ns) {
  try {
    connection_->set_deadline(
        std::min(host_.now_ns() + settings_.statement_ms * ns_per_ms, limit_ns));
    connection_->connect();
    look_for_history();
    return std::nullopt;
  } catch (const sql_error& e) {
    connection_->disconnect();
    return e;
  }
}

void engine::look_for_history() {
  if (!health_.has_history() && connection_->has_history()) {
    health_.note_history();
  }
}

void engine::run(std::span<spawn_op* const> ops) {
  const spawn::plugin::unit_list units(ops);
  for (const segment& piece : cut(host_, units, settings_.max_record_bytes, segment_bytes_max)) {
    run_reads(piece.before);
    run_writes(piece.units);
    run_reads(piece.after);
  }
}

void engine::idle() {
  failure why;
  const std::int64_t now = host_.unix_ms();
  const bool connected = connection_->is_connected();
  if (connected && (!settings_.sweeps || now < next_sweep_ms_)) {
    return;
  }
  next_sweep_ms_ = now + sweep_every_ms;
  const std::uint64_t deadline = host_.now_ns() + settings_.statement_ms * ns_per_ms;
  // Whether it worked is seen by what fails or works next.
  static_cast<void>(attempt(
      deadline,
      [&] {
        if (settings_.sweeps) {
          connection_->sweep(now, now - tombstone_ms);
        }
      },
      why));
}

void engine::ensure_connected() {
  if (connection_->is_connected()) {
    return;
  }
  if (host_.now_ns() < next_connect_ns_) {
    throw sql_error(trouble::refused, last_trouble_);
  }
  try {
    connection_->connect();
  } catch (const sql_error& e) {
    connection_->disconnect();
    backoff_ms_ = std::clamp(backoff_ms_ * 2, backoff_first_ms, backoff_last_ms);
    const std::uint64_t wait = backoff_ms_ / 2 + jitter_() % (backoff_ms_ / 2 + 1);
    next_connect_ns_ = host_.now_ns() + wait * ns_per_ms;
    last_trouble_ = e.what();
    throw sql_error(trouble::refused, last_trouble_);
  }
  backoff_ms_ = 0;
  look_for_history();
}

bool engine::attempt(std::uint64_t deadline_ns, const work& what, failure& why) {
  bool reconnected = false;
  for (int tries = 1;; ++tries) {
    try {
      connection_->set_deadline(deadline_ns);
      ensure_connected();
      what();
      report(true, {});
      return true;
    } catch (const sql_error& e) {
      why = {status_of(e.kind()), e.what(), e.in_commit(), e.loser()};
      if (e.kind() == trouble::lost) {
        connection_->disconnect();
      } else {
        connection_->rollback();
      }
      const bool in_time = host_.now_ns() < deadline_ns;
      if (e.kind() == trouble::lost && !e.in_commit() && !reconnected && in_time) {
        reconnected = true;  // what lay idle too long, or a server that was restarted
        continue;
      }
      if (e.kind() == trouble::retry && !e.in_commit() && tries < tries_max && in_time) {
        const std::uint64_t most = std::min<std::uint64_t>(retry_ms_max, 1ull << tries);
        std::this_thread::sleep_for(std::chrono::milliseconds(jitter_() % (most + 1)));
        continue;
      }
      if (!connection_->is_connected() || e.kind() == trouble::lost) {
        report(false, why.text);
      }
      return false;
    }
  }
}

std::uint64_t engine::deadline_of(std::span<const spawn_op* const> ops) const {
  const std::uint64_t own = host_.now_ns() + settings_.statement_ms * ns_per_ms;
  std::uint64_t last = 0;
  for (const spawn_op* op : ops) {
    if (op->deadline_ns == 0) {
      return own;
    }
    last = std::max(last, op->deadline_ns);
  }
  return std::min(own, last);
}

void engine::run_reads(const segment::reads& reads) {
  const std::int64_t now = host_.unix_ms();
  if (!reads.loads.empty()) {
    std::vector<spawn_op*> ops;
    for (spawn_ss_load* load : reads.loads) {
      load->out = {};
      ops.push_back(&load->op);
    }
    run_read(ops, [&] { read_loads(*connection_, reads.loads, now); });
  }
  for (spawn_ss_list* page : reads.pages) {
    page->out_owner = {};
    page->out_cursor = {};
    spawn_op* op = &page->op;
    run_read({&op, 1}, [&] {
      if (op->code == SPAWN_SS_LIST) {
        read_list(*connection_, *page, now);
      } else {
        read_history(*connection_, *page, now);
      }
    });
  }
}

void engine::run_read(std::span<spawn_op* const> ops, const work& what) {
  failure why;
  const auto afresh = [&] {
    std::for_each(ops.begin(), ops.end(), take_back);  // of a try that ended half-way
    what();
  };
  if (!attempt(deadline_of(ops), afresh, why)) {
    for (spawn_op* op : ops) {
      fail(op, why.status, why.text);
    }
  }
}

void engine::run_writes(std::span<const unit> all) {
  const std::vector<unit> units = save_plain(all);
  failure why;
  if (units.empty() || try_writes(units, why)) {
    return;
  }
  // One bad row must not take the innocent with it. All of it was rolled back.
  if (units.size() > 1 && !why.in_commit && connection_->is_connected()) {
    for (const auto& unit : units) {
      static_cast<void>(try_writes({&unit, 1}, why));
    }
  }
}

std::vector<engine::unit> engine::save_plain(std::span<const unit> units) {
  std::vector<unit> left(units.begin(), units.end());
  if (host_.now_ns() < plain_again_ns_) {
    return left;
  }
  const std::vector<spawn_ss_save*> ops =
      plain_saves(units, settings_.history, health_.has_history());
  if (ops.empty()) {
    return left;
  }
  std::vector<const spawn_op*> raw;
  for (const spawn_ss_save* op : ops) {
    raw.push_back(&op->op);
  }
  std::vector<bool> won;
  bool tried = false, answered = false, saved = false;
  failure why;
  const bool done = attempt(
      deadline_of(raw),
      [&] {
        // A new connection may have found history.
        if (!std::exchange(tried, true) && !health_.has_history()) {
          saved = connection_->save_plain(ops, host_.unix_ms(), won);
          answered = true;
        }
      },
      why);
  const bool lost_some = saved && std::find(won.begin(), won.end(), false) != won.end();
  if (!answered || lost_some) {
    plain_again_ns_ = host_.now_ns() + plain_pause_ms * ns_per_ms;
  }
  if (!done && why.in_commit) {
    for (spawn_ss_save* op : ops) {
      fail(&op->op, SPAWN_E_UNKNOWN_OUTCOME, why.text);
    }
    return {};
  }
  if (!saved) {
    return left;
  }
  std::unordered_set<const spawn_op*> ended;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (won[i]) {
      take_back(&ops[i]->op);
      set_outcome(&ops[i]->op, SPAWN_OK);
      ended.insert(&ops[i]->op);
    }
  }
  // The plan says what is stored in their place; they may even win by now.
  std::erase_if(left, [&](const unit& u) { return ended.contains(u[0]); });
  return left;
}

bool engine::try_writes(std::span<const unit> units, failure& why) {
  std::vector<const spawn_op*> ops;
  for (const auto& unit : units) {
    ops.insert(ops.end(), unit.begin(), unit.end());
  }
  const std::vector<std::string_view> keys = keys_of(units);
  std::unique_ptr<write_plan> plan;
  const bool done = attempt(
      deadline_of(ops),
      [&] {
        std::vector<head> heads;
        connection_->begin(keys, heads);
        plan = std::make_unique<write_plan>(
            keys, heads, host_.unix_ms(), settings_.history, health_.has_history(),
            [this](const spawn_ss_save& op) { return connection_->past_of(op); });
        for (const auto& unit : units) {
          plan->add(unit);
        }
        plan->finish();
        connection_->commit(*plan);
      },
      why);
  if (plan != nullptr && plan->keeps_history()) {
    health_.note_history();
  }
  if (done) {
    plan->tell();
    return true;
  }
  for (const auto& unit : units) {
    const bool has_loser = std::find(unit.begin(), unit.end(), why.loser) != unit.end();
    for (spawn_op* op : unit) {
      if (has_loser && op != why.loser) {
        fail(op, SPAWN_E_ABORTED, "another op of the group failed");
      } else {
        fail(op, why.status, why.text);
      }
    }
  }
  if (why.in_commit && plan->changes_data()) {
    plan->tell_unknown(why.text);
  }
  return false;
}

void engine::report(bool serving, const std::string& why) {
  if (serving == serving_) {
    return;
  }
  serving_ = serving;
  if (serving) {
    health_.mended();
  } else {
    health_.broken(why);
  }
}

}  // namespace sql_store
