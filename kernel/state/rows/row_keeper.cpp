#include "state/rows/row_keeper.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "base/log.hpp"
#include "state/rows/row_keys.hpp"

namespace spawn {
namespace {

constexpr std::uint64_t retry_first_ms = 20;
constexpr std::uint64_t retry_max_ms = 2'000;

}  // namespace

struct row_keeper::write {
  std::uint16_t code = 0;
  std::uint16_t flags = SPAWN_SS_F_DURABLE;
  std::uint32_t ttl_s = 0;
  std::string key;
  std::uint64_t expect_revision = 0, expect_writer = 0;
  std::uint64_t new_revision = 0, writer = 0;
  sealed_record content;
  save_request* request = nullptr;
};

struct row_keeper::job : list_hook<job_tag> {
  row_keeper* owner = nullptr;
  std::uint32_t store = 0;
  bool once = false;
  bool in_doubt = false;
  bool unsealed = false;  // its bytes could not be made
  std::string why;
  std::uint32_t tries = 0;
  std::uint32_t unanswered = 0;
  std::vector<std::unique_ptr<write>> writes;
  invocation_ptr end;  // of a chain, stored with the rest
  done_fn done;
  struct retry_timer : timer {
    job* work = nullptr;
  } retry;
};

row_keeper::row_keeper(lane& home, std::vector<journal*> stores, row_codec& codec,
                       writer_ids& writers, const row_options& options)
    : lane_(home),
      stores_(std::move(stores)),
      codec_(codec),
      writers_(writers),
      options_(options),
      birth_(writers.next()) {}

// What is still at the store has nobody to answer.
row_keeper::~row_keeper() {
  while (job* left = jobs_.pop_front()) {
    delete left;
  }
}

row_keeper::job& row_keeper::begin(std::uint32_t store, bool once, done_fn done) {
  ++in_flight_;
  auto* work = new job;
  jobs_.push_back(*work);
  work->owner = this;
  work->store = store;
  work->once = once;
  work->done = std::move(done);
  work->retry.work = work;
  work->retry.fire = [](timer& t) {
    job& mine = *static_cast<job::retry_timer&>(t).work;
    mine.owner->submit(mine);
  };
  return *work;
}

void row_keeper::add_delete(job& to, const message_row& row) {
  auto made = std::make_unique<write>();
  made->code = SPAWN_SS_DELETE;
  made->flags = SPAWN_SS_F_DURABLE | SPAWN_SS_F_NO_TOMBSTONE;
  made->key = row.key;
  made->expect_revision = row.revision;
  made->expect_writer = row.writer;
  made->new_revision = row.revision + 1;
  made->writer = row.writer;
  to.writes.push_back(std::move(made));
}

void row_keeper::add_insert(job& to, std::string key, const invocation& message,
                            std::uint32_t ttl_s) {
  auto made = std::make_unique<write>();
  made->code = SPAWN_SS_SAVE;
  made->key = std::move(key);
  made->ttl_s = ttl_s;
  made->new_revision = message.row->revision;
  made->writer = message.row->writer;
  if (auto sealed = codec_.seal(message, made->content); !sealed) {
    to.unsealed = true;
    to.why = "the message could not be sealed: " + sealed.error().text;
  }
  to.writes.push_back(std::move(made));
}

// In its place, as it stands in the message now; revision and writer become the new ones.
void row_keeper::add_rewrite(job& to, invocation& message, const message_row& was) {
  message.row->revision = was.revision + 1;
  message.row->writer = writers_.next();
  add_insert(to, was.key, message, 0);
  to.writes.back()->expect_revision = was.revision;
  to.writes.back()->expect_writer = was.writer;
}

void row_keeper::add_call(job& to, call_write call) {
  auto made = std::make_unique<write>();
  made->code = SPAWN_SS_SAVE;
  made->ttl_s = call.ttl_s;
  made->key = std::move(call.key);
  made->expect_revision = call.expect_revision;
  made->expect_writer = call.expect_writer;
  made->new_revision = call.new_revision;
  made->writer = call.writer;
  made->content = std::move(call.content);
  to.writes.push_back(std::move(made));
}

void row_keeper::add_end(job& to, invocation_ptr end) {
  add_insert(to, end->row->key, *end, 0);
  to.end = std::move(end);
}

void row_keeper::name_from_outside(message_row& row, const invocation& message) {
  row.sender = row_from_outside;
  row.birth = birth_;
  row.seq = ++last_seq_;
  row.prev = 0;
  row.revision = 1;
  row.writer = writers_.next();
  row.created_ms = lane_.unix_ms();
  row.key = pending_key(message.target, row);
}

void row_keeper::insert(invocation& message, done_fn done) {
  name_from_outside(*message.row, message);
  job& work = begin(message.row->store, true, std::move(done));
  add_insert(work, message.row->key, message, 0);
  submit(work);
}

// The key first: repeated after a doubt, it tells whether it was this very one that landed.
void row_keeper::insert_call(invocation& message, call_write call, done_fn done) {
  name_from_outside(*message.row, message);
  job& work = begin(message.row->store, false, std::move(done));
  add_call(work, std::move(call));
  add_insert(work, message.row->key, message, 0);
  submit(work);
}

void row_keeper::consume(const message_row& row, invocation_ptr end, done_fn done) {
  conclude(row, nullptr, std::move(end), std::move(done));
}

void row_keeper::conclude(const message_row& row, const invocation* told, invocation_ptr end,
                          done_fn done) {
  job& work = begin(row.store, false, std::move(done));
  add_delete(work, row);
  if (told != nullptr) {
    add_insert(work, told->row->key, *told, 0);
  }
  if (end) {
    add_end(work, std::move(end));
  }
  submit(work);
}

void row_keeper::settle(const message_row& row, call_write call, done_fn done) {
  job& work = begin(row.store, false, std::move(done));
  add_delete(work, row);
  add_call(work, std::move(call));
  submit(work);
}

void row_keeper::put_off(invocation& message, done_fn done) {
  job& work = begin(message.row->store, false, std::move(done));
  add_rewrite(work, message, message_row(*message.row));
  submit(work);
}

void row_keeper::bury(invocation& message, const invocation* told, done_fn done) {
  message_row& row = *message.row;
  const message_row source = row;
  job& work = begin(row.store, false, std::move(done));
  row.revision = 1;
  row.writer = writers_.next();
  row.next_try_ms = lane_.unix_ms();  // of a dead letter: when it was given up
  // First, so that a repeat after a doubt finds out whether it was this very one that landed.
  add_insert(work, dead_key(message.target, row), message, row.blocked ? 0 : options_.dead_ttl_s);
  if (row.blocked) {
    add_rewrite(work, message, source);
  } else {
    add_delete(work, source);
  }
  if (told != nullptr) {
    add_insert(work, told->row->key, *told, 0);
  }
  if (row.call) {
    add_end(work, make_call_end(message, row.writer, lane_.unix_ms(), dead_call(row)));
  }
  submit(work);
}

void row_keeper::bury_new(invocation& message, done_fn done) {
  message_row& row = *message.row;
  name_from_outside(row, message);
  row.next_try_ms = lane_.unix_ms();
  job& work = begin(row.store, false, std::move(done));
  add_insert(work, dead_key(message.target, row), message, options_.dead_ttl_s);
  submit(work);
}

void row_keeper::add_guard(job& to, const invocation& message) {
  auto made = std::make_unique<write>();
  made->code = SPAWN_SS_SAVE;
  made->key = guard_key(message.target, *message.row);
  made->ttl_s = options_.guard_ttl_s;
  made->new_revision = 1;
  made->writer = message.row->writer;
  to.writes.push_back(std::move(made));
}

void row_keeper::transfer(invocation& message, std::uint32_t to, done_fn done) {
  message_row& row = *message.row;
  const message_row source = row;
  // Whether it is there now or came there before, it goes from here.
  job& work = begin(
      to, false, [this, source, then = std::move(done)](row_outcome how, std::string why) mutable {
        if (how == row_outcome::done || how == row_outcome::gone) {
          consume(source, nullptr, std::move(then));
        } else {
          then(how, std::move(why));
        }
      });
  row.store = to;
  row.revision = 1;
  row.writer = writers_.next();
  add_guard(work, message);
  add_insert(work, row.key, message, 0);
  submit(work);
}

// The fan_out row first: repeated after a doubt, it tells whether this very step landed.
void row_keeper::fan_out(invocation& message, std::span<const invocation_ptr> to, bool is_last,
                         done_fn done) {
  message_row& row = *message.row;
  job& work = begin(row.store, false, std::move(done));
  const message_row source = row;
  ++row.revision;
  row.writer = writers_.next();
  if (is_last) {
    add_delete(work, source);
  } else {
    add_insert(work, row.key, message, 0);
    work.writes.back()->expect_revision = source.revision;
    work.writes.back()->expect_writer = source.writer;
  }
  for (const auto& each : to) {
    each->row->revision = 1;
    each->row->writer = row.writer;
    add_insert(work, each->row->key, *each, 0);
  }
  submit(work);
}

void row_keeper::replay(invocation& dead, done_fn done) {
  message_row& row = *dead.row;
  const message_row source = row;
  job& work = begin(row.store, false, std::move(done));
  if (row.kind != row_kind::failure && row.kind != row_kind::fan_out &&
      row.kind != row_kind::publish) {
    row.kind = row_kind::async;
  }
  row.of_failure = false;
  row.due_ms = 0;
  make_unawaited(row);
  name_from_outside(row, dead);
  add_insert(work, row.key, dead, 0);
  add_delete(work, source);
  submit(work);
}

// Like new, but that whoever waited was told of the failure.
void row_keeper::make_unawaited(message_row& row) {
  row.reply = {};
  row.awaited.reset();
  row.call.reset();
  row.attempts = 0;
  row.next_try_ms = 0;
  row.last_error.clear();
  row.blocked = false;
}

// The row first: repeated after a doubt, it tells whether it was this very one that landed.
void row_keeper::unblock(invocation& blocked, const message_row& dead, done_fn done) {
  job& work = begin(dead.store, false, std::move(done));
  const message_row was = *blocked.row;
  make_unawaited(*blocked.row);
  add_rewrite(work, blocked, was);
  add_delete(work, dead);
  submit(work);
}

void row_keeper::drop_blocked(const message_row& blocked, const message_row& dead, done_fn done) {
  job& work = begin(dead.store, false, std::move(done));
  add_delete(work, blocked);
  add_delete(work, dead);
  submit(work);
}

void row_keeper::submit(job& work) {
  if (work.unsealed) {
    finish(work, row_outcome::refused, std::move(work.why));
    return;
  }
  ++work.tries;
  work.unanswered = static_cast<std::uint32_t>(work.writes.size());
  const std::uint64_t group = work.writes.size() > 1 ? lane_.next_id() : 0;
  for (auto& each : work.writes) {
    if (each->request == nullptr) {
      each->request = ops_.take();
      each->request->clear();
      each->request->owner = &work;
      each->request->ended = [](save_request& request) {
        job& mine = *static_cast<job*>(request.owner);
        if (--mine.unanswered == 0) {
          mine.owner->ended(mine);
        }
      };
    }
    auto& op = each->request->raw;
    op.op.flags = each->flags;
    op.key = slice_of(each->key);
    op.key_hash = hash_bytes(each->key);
    op.expect_revision = each->expect_revision;
    op.expect_writer = each->expect_writer;
    op.new_revision = each->new_revision;
    op.writer = each->writer;
    op.ttl_s = each->ttl_s;
    op.atomic_group = group;
    op.out_revision = 0;
    op.out_writer = 0;
    each->content.fill(op);
    stores_[work.store]->submit(*each->request, each->code, 0);
  }
}

void row_keeper::ended(job& work) {
  error cause{errc::ok, 0, {}};
  std::uint32_t wait_ms = 0;
  for (auto& each : work.writes) {
    const errc code = each->request->status();
    std::string text = take_error_text(each->request->raw.op);
    wait_ms = std::max(wait_ms, each->request->raw.op.retry_after_ms);
    const bool doubtful =
        code == errc::unknown_outcome || code == errc::internal || code == errc::shutdown;
    if (code != errc::ok && (cause.code == errc::ok || cause.code == errc::aborted || doubtful)) {
      cause = {code, 0, std::move(text)};
    }
  }
  switch (cause.code) {
    case errc::ok:
      finish(work, row_outcome::done, {});
      return;
    case errc::conflict: {
      // Repeated after a doubt, the first write tells whether it was this very one that landed.
      const auto& first = *work.writes.front();
      const auto& told = first.request->raw;
      const bool is_told = first.request->status() == errc::conflict;
      const bool is_there =
          told.out_writer == first.writer && told.out_revision == first.new_revision;
      const bool is_away = first.code == SPAWN_SS_DELETE && told.out_revision == 0;
      const bool mine = work.in_doubt && is_told && (is_there || is_away);
      finish(work, mine ? row_outcome::done : row_outcome::gone, std::move(cause.text));
      return;
    }
    case errc::unknown_outcome:
    case errc::internal:
    case errc::shutdown:
      work.in_doubt = true;
      break;
    case errc::unavailable:
    case errc::exhausted:
    case errc::deadline:
    case errc::cancelled:
    case errc::aborted:
      break;
    default:
      finish(work, work.in_doubt ? row_outcome::unknown : row_outcome::refused,
             std::move(cause.text));
      return;
  }
  if (work.once || stopped_) {
    finish(work, work.in_doubt ? row_outcome::unknown : row_outcome::refused,
           std::move(cause.text));
    return;
  }
  const std::uint64_t doubled = retry_first_ms << std::min<std::uint32_t>(work.tries, 8);
  const std::uint64_t base = std::max<std::uint64_t>(std::min(doubled, retry_max_ms), wait_ms);
  lane_.arm_after_ms(work.retry, base / 2 + lane_.rng().below(base / 2 + 1));
}

void row_keeper::finish(job& work, row_outcome with, std::string why) {
  --in_flight_;
  for (auto& each : work.writes) {
    if (each->request != nullptr) {
      ops_.give_back(each->request);
    }
  }
  const std::unique_ptr<job> owned(&work);
  work.unlink();
  if (with == row_outcome::done && owned->end && bring_) {
    bring_(std::move(owned->end));
  }
  owned->done(with, std::move(why));
}

}  // namespace spawn
