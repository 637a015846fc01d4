// Activation: load, restore, init (protocol.md 5.3, 5.5, 5.10; durability.md 9, 26).
#include "base/log.hpp"
#include "cell/cell_lane.hpp"
#include "wire/common.hpp"

namespace spawn {
namespace {

// What a load needs for as long as the store works on it.
struct load_job {
  std::string key;
  cell* of = nullptr;
  std::uint64_t began_ns = 0;
};

std::string text_of(actor_view id) {
  std::string out(id.system);
  out += '/';
  if (!id.parent.empty()) {
    out += id.parent;
    out += '/';
  }
  out += id.name;
  return out;
}

}  // namespace

cell* cell_lane::obtain(actor_view id, actor_type& type) {
  if (cell* known = table_.find(id)) {
    return known;
  }
  if (table_.size() >= options_.cells_max && !make_room()) {
    return nullptr;
  }
  s_.stats.cells.add();
  cell& made = table_.insert(std::make_unique<cell>(*this, id, cell_table::hash_of(id), type));
  lru_.push_back(made);
  return &made;
}

bool cell_lane::make_room() {
  // The coldest few are enough to look at: whoever is not quiet there is busy right now.
  constexpr int tries = 16;
  for (int i = 0; i < tries; ++i) {
    cell* coldest = lru_.pop_front();
    if (coldest == nullptr) {
      return false;
    }
    if (coldest->is_quiet()) {
      forget(*coldest);
      return true;
    }
    lru_.push_back(*coldest);
  }
  return false;
}

void cell_lane::activate(actor_view id, actor_type& type, std::uint64_t restore_revision) {
  cell* c = obtain(id, type);
  if (c != nullptr && c->phase == cell_phase::absent && !c->reload) {
    begin_activation(*c, restore_revision);
  }
}

void cell_lane::begin_activation(cell& c, std::uint64_t restore_revision) {
  s_.stats.activations.add();
  c.last_used_ns = s_.home.now_ns();
  c.writer = options_.rules.writer_per_activation || c.writer == 0 ? s_.writers.next() : c.writer;
  if (c.def().mode() == durability::none) {
    start_fresh(c);
    after_load(c);
    return;
  }
  if (recovering_) {
    inbox_of(c).wanted = true;  // rows of an earlier life go before new calls
  }
  c.snapshot_due_ns = restore_revision;  // kept here until the newest record is loaded
  c.restoring = restore_revision != 0;
  load(c);
}

void cell_lane::load(cell& c) {
  c.phase = cell_phase::loading;
  const auto id = c.id();
  auto key = actor_key(id.system, id.parent, id.name);
  if (!key) {
    load_failed(c, key.error());
    return;
  }
  s_.stats.loads.add();
  load_request* request = loads_.take();
  request->clear();
  auto* job = new load_job{std::move(*key), &c, s_.home.now_ns()};
  request->owner = job;
  request->raw.key = slice_of(job->key);
  request->raw.key_hash = hash_bytes(job->key);
  request->ended = [](load_request& done) {
    static_cast<load_job*>(done.owner)->of->home->loaded(done);
  };
  store_of(c).submit(*request, SPAWN_SS_LOAD, 0);
}

result<void> cell_lane::take_record(cell& c, load_request& request) {
  const auto* job = static_cast<load_job*>(request.owner);
  const errc status = request.status();
  if (status != errc::ok && status != errc::not_found) {
    return fail(error{status, request.raw.op.retry_after_ms, take_error_text(request.raw.op)});
  }
  if (request.raw.out.revision == 0) {
    start_fresh(c);
    return {};
  }
  SPAWN_TRY(record read, s_.codec.open(job->key, request.raw.out));
  c.revision = read.revision;
  c.stored_writer = read.writer;
  // A tombstone of an erased actor tells nothing but its revision.
  c.birth =
      read.meta.birth != 0 ? read.meta.birth : make_birth(s_.home.unix_ms(), s_.home.rng().next());
  c.next_seq = read.meta.next_seq;
  if (!read.meta.tails.empty()) {
    inbox_of(c).tails().begin_with(std::move(read.meta.tails));
  }
  if (std::exchange(c.reborn, false)) {
    c.birth = make_birth(s_.home.unix_ms(), s_.home.rng().next());
    c.next_seq = 1;
  }
  c.undeclared = status == errc::not_found;
  if (status == errc::ok && !read.meta.reminders.empty()) {
    c.reminders = std::make_unique<std::vector<armed_reminder>>(std::move(read.meta.reminders));
  }
  if (!read.meta.unknown.empty()) {
    c.unknown_meta = std::make_unique<std::string>(std::move(read.meta.unknown));
  }
  if (status == errc::not_found) {  // a tombstone: a new life on an old revision
    c.state_any = c.def().initial_any;
    c.tags = c.def().initial_tags;
    return {};
  }
  c.has_payload = read.has_payload;
  take_content(c, read);
  return {};
}

// Payload and tags; birth, next_seq and revision stay as they are (rule 26).
void cell_lane::take_content(cell& c, const record& read) {
  std::vector<kv_view> tags;
  for (const auto& [k, v] : read.meta.tags) {
    tags.push_back({k, v});
  }
  c.tags = wire::canonical_tags(tags);
  c.state_any.clear();
  if (read.has_payload) {
    wire::append_any(c.state_any, read.type_url, read.payload);
  }
}

void cell_lane::loaded(load_request& request) {
  auto* job = static_cast<load_job*>(request.owner);
  cell& c = *job->of;
  s_.stats.load_time.observe_ns(s_.home.now_ns() - job->began_ns);
  auto taken = take_record(c, request);
  spawn::release(request.raw.out);
  static_cast<void>(take_error_text(request.raw.op));
  delete job;
  loads_.give_back(&request);
  const std::uint64_t restore = std::exchange(c.snapshot_due_ns, 0);
  if (!taken) {
    load_failed(c, taken.error());
    return;
  }
  if (restore != 0 && c.revision != 0 && restore != c.revision) {
    load_restore(c, restore);
    return;
  }
  after_load(c);
}

void cell_lane::load_restore(cell& c, std::uint64_t revision) {
  const auto id = c.id();
  load_request* request = loads_.take();
  request->clear();
  auto* job = new load_job{*actor_key(id.system, id.parent, id.name), &c, s_.home.now_ns()};
  request->owner = job;
  request->raw.key = slice_of(job->key);
  request->raw.key_hash = hash_bytes(job->key);
  request->raw.at_revision = revision;
  request->ended = [](load_request& done) {
    static_cast<load_job*>(done.owner)->of->home->restore_loaded(done);
  };
  store_of(c).submit(*request, SPAWN_SS_LOAD, 0);
}

void cell_lane::restore_loaded(load_request& request) {
  auto* job = static_cast<load_job*>(request.owner);
  cell& c = *job->of;
  const errc status = request.status();
  result<record> read = fail(status, take_error_text(request.raw.op));
  if (status == errc::ok) {
    read = s_.codec.open(job->key, request.raw.out);
  }
  spawn::release(request.raw.out);
  delete job;
  loads_.give_back(&request);
  if (read) {
    take_content(c, *read);
    if (c.def().mode() == durability::commit) {
      gather(c).writes = true;
    } else {
      mark_dirty(c);
    }
  } else if (status == errc::not_found) {
    SPAWN_LOG(warn, "no such revision to restore; the newest is used", {"actor", text_of(c.id())});
  } else {
    load_failed(c, read.error());
    return;
  }
  after_load(c);
}

void cell_lane::start_fresh(cell& c) {
  c.revision = 0;
  c.stored_writer = 0;
  c.has_payload = false;
  c.undeclared = !c.def().is_eager();
  c.birth = make_birth(s_.home.unix_ms(), s_.home.rng().next());
  c.next_seq = 1;
  c.state_any = c.def().initial_any;
  c.tags = c.def().initial_tags;
}

void cell_lane::load_failed(cell& c, const error& why) {
  s_.stats.load_failures.add();
  if (load_log_.allows(s_.home.now_ns())) {
    SPAWN_LOG(error, "loading an actor failed", {"actor", text_of(c.id())},
              {"code", name(why.code)}, {"why", why.text},
              {"more_since_last_line", load_log_.take_held_back()});
  }
  failure said = failure::internal;
  switch (why.code) {
    case errc::unavailable:
    case errc::exhausted:
    case errc::deadline:
    case errc::cancelled:
    case errc::aborted:
    case errc::shutdown:
      said = failure::unavailable;
      break;
    case errc::corrupt:
    case errc::denied:
      said = failure::corrupt;
      break;
    case errc::too_large:
    case errc::invalid:
      said = failure::invalid_argument;
      break;
    default:
      break;
  }
  c.phase = cell_phase::absent;
  c.restoring = false;
  fail_waiting(c, said, "the state of the actor could not be loaded: " + why.text);
  maybe_forget(c);
}

void cell_lane::fail_waiting(cell& c, failure why, const std::string& text) {
  if (c.rows) {
    forget_rows(c);
    pump(c);                 // which gives up while this kernel drains
    c.rows->ticket.reset();  // whoever woke it looks again, in time
    if (!is_retried(why)) {
      c.rows->wanted = false;
      c.rows->cursor.clear();
      c.rows->retry.unlink();
    } else if (c.rows->wanted) {
      constexpr std::uint64_t again_ms = 1'000;
      s_.home.arm_after_ms(c.rows->retry, again_ms);
    }
  }
  while (invocation* message = c.mailbox.pop_front()) {
    --c.waiting;
    s_.stats.messages_waiting.sub();
    invocation_ptr owned(message);
    owned->expiry.unlink();
    owned->fail(why, text);
  }
}

void cell_lane::after_load(cell& c) {
  if (!c.undeclared) {
    const std::uint64_t writer = c.writer;
    const cell_phase before = c.phase;
    declare_reminders(c);
    if (c.writer != writer || c.phase != before) {
      return;  // what it wanted saved was refused at once, and the actor is loaded afresh
    }
  }
  if (!c.def().init_action.empty()) {
    run_init(c);
    return;
  }
  c.phase = cell_phase::ready;
  if (c.gathering && !c.flying) {
    start_save(c);
  }
  rearm(c);
  if (c.def().served_by != nullptr) {
    recover_flow(c);
  }
  run_next(c);
  pump(c);
}

void cell_lane::run_init(cell& c) {
  c.phase = cell_phase::initialising;
  auto message = std::make_unique<invocation>();
  const auto id = c.id();
  const auto& action = c.def().init_action;
  message->storage.reserve(64 + id.system.size() + id.parent.size() + id.name.size() +
                           action.size());
  const auto keep = [&](std::string_view text) {
    const std::size_t at = message->storage.size();
    message->storage += text;
    return std::string_view(message->storage.data() + at, text.size());
  };
  message->target = {keep(id.system), keep(id.parent), keep(id.name)};
  message->action = keep(action);
  message->argument = {presence::noop, {}};
  message->has_caller = true;
  message->caller = message->target;
  message->is_internal = true;
  message->deadline_ns = s_.home.now_ns() + options_.request_ms * ns_per_ms;
  call_host(c, std::move(message), true);
}

}  // namespace spawn
