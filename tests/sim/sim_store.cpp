#include "sim/sim_store.hpp"

#include <algorithm>
#include <cstring>

#include "state/rows/call_row.hpp"
#include "state/rows/row_codec.hpp"
#include "state/seal/keys.hpp"
#include "state/seal/meta.hpp"

namespace sim {
namespace {

spawn_buf own(const std::string& bytes, bool present) {
  if (!present) {
    return {};
  }
  auto* copy = static_cast<char*>(std::malloc(bytes.size() + 1));
  std::memcpy(copy, bytes.data(), bytes.size());
  spawn_buf out{};
  out.ptr = copy;
  out.len = bytes.size();
  out.release = [](void*, const void* at, std::size_t) { std::free(const_cast<void*>(at)); };
  return out;
}

// A page of a LIST and the bytes its rows point to.
struct list_page {
  std::vector<std::string> keys;
  std::vector<std::string> bytes;
  std::vector<spawn_ss_row> rows;
};

spawn_buf borrow(const std::string& bytes) {
  spawn_buf out{};
  out.ptr = bytes.data();
  out.len = bytes.size();
  return out;
}

}  // namespace

class store_port final : public spawn::statestore_port {
 public:
  store_port(sim_store& to, std::uint64_t life) : store_(to), life_(life) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "sim"; }
  [[nodiscard]] std::uint64_t capabilities() const noexcept override {
    return SPAWN_SS_CAP_DURABLE | SPAWN_SS_CAP_ATOMIC_GROUP | SPAWN_SS_CAP_LIST;
  }
  [[nodiscard]] bool shared_queue() const noexcept override { return life_ % 2 == 0; }
  void submit(spawn::lane&, std::span<spawn_op* const> ops) override { store_.submit(life_, ops); }

 private:
  sim_store& store_;
  std::uint64_t life_;
};

std::unique_ptr<spawn::statestore_port> sim_store::port(std::uint64_t life) {
  return std::make_unique<store_port>(*this, life);
}

void sim_store::outage(std::uint64_t ms) {
  outage_until_ns_ = world_.now_ns() + ms * spawn::ns_per_ms;
  world_.note("store outage", ms);
}

sim_store::operation sim_store::copy_of(std::uint64_t life, spawn_op& raw) {
  operation op;
  op.life = life;
  op.raw = &raw;
  op.code = raw.code;
  const auto text = [](spawn_slice s) { return std::string(spawn::view_of(s)); };
  if (raw.code == SPAWN_SS_LOAD) {
    const auto& load = reinterpret_cast<const spawn_ss_load&>(raw);
    op.key = text(load.key);
    op.at_revision = load.at_revision;
  } else if (raw.code == SPAWN_SS_LIST) {
    const auto& list = reinterpret_cast<const spawn_ss_list&>(raw);
    op.key = text(list.from);
    op.to = text(list.to);
    op.cursor = text(list.cursor);
    op.limit = list.limit;
    op.with_payload = list.with_payload != 0;
  } else {
    const auto& save = reinterpret_cast<const spawn_ss_save&>(raw);
    op.key = text(save.key);
    op.expect_revision = save.expect_revision;
    op.expect_writer = save.expect_writer;
    op.content.revision = save.new_revision;
    op.content.writer = save.writer;
    op.content.deleted = raw.code == SPAWN_SS_DELETE;
    op.content.has_payload = save.n_payload != 0;
    op.content.type_url = text(save.type_url);
    op.erases = (raw.flags & SPAWN_SS_F_ERASE) != 0;
    op.leaves_nothing = (raw.flags & SPAWN_SS_F_NO_TOMBSTONE) != 0;
    op.content.meta = op.erases ? std::string() : text(save.meta);
    for (std::uint32_t i = 0; i < save.n_payload; ++i) {
      op.content.payload += spawn::view_of(save.payload[i]);
    }
  }
  return op;
}

void sim_store::submit(std::uint64_t life, std::span<spawn_op* const> ops) {
  const auto group_of = [](const spawn_op& raw) {
    const bool writes = raw.code != SPAWN_SS_LOAD && raw.code != SPAWN_SS_LIST;
    return writes ? reinterpret_cast<const spawn_ss_save&>(raw).atomic_group : 0;
  };
  for (std::size_t i = 0; i < ops.size();) {
    auto all = std::make_shared<unit>();
    const std::uint64_t group = group_of(*ops[i]);
    do {
      all->push_back(copy_of(life, *ops[i]));
    } while (++i < ops.size() && group != 0 && group_of(*ops[i]) == group);
    schedule(all);
  }
}

void sim_store::schedule(const unit_ptr& all) {
  const operation& first = all->front();
  unfinished_ += all->size();
  const bool down = !world_.calm && world_.now_ns() < outage_until_ns_;
  const bool faulty = !world_.calm && (down || world_.per_mille(world_.plans.fault_per_mille));
  const bool writes = first.code != SPAWN_SS_LOAD && first.code != SPAWN_SS_LIST;

  // Operations of one kernel on one key keep their order; others overtake each other freely.
  std::uint64_t apply_ns = world_.now_ns() + world_.about(world_.plans.store_ms * 500) * 1'000;
  for (const operation& op : *all) {
    world_.note("store submit", op.code, spawn::hash_bytes(op.key) & 0xffff, op.expect_revision);
    apply_ns = std::max(apply_ns, apply_after_ns_[spawn::hash_bytes(op.key, op.life)]);
  }
  for (const operation& op : *all) {
    apply_after_ns_[spawn::hash_bytes(op.key, op.life)] = apply_ns;
  }
  const std::uint64_t apply_us = (apply_ns - world_.now_ns()) / 1'000;
  const std::uint64_t answer_us = apply_us + world_.about(world_.plans.store_ms * 500);

  const auto land = [this, all] {
    // A dying kernel's last words may be lost on the way.
    if (!dead_.contains(all->front().life) || world_.rng().one_in(2)) {
      apply(*all);
    }
  };
  if (!faulty) {
    world_.after_us(apply_us, land);
    world_.after_us(answer_us, [this, all] { answer_all(*all, std::nullopt); });
    return;
  }
  if (!writes || (down ? !world_.rng().one_in(10) : world_.rng().one_in(3))) {
    constexpr spawn_status no_effect[] = {SPAWN_E_UNAVAILABLE, SPAWN_E_EXHAUSTED, SPAWN_E_DEADLINE,
                                          SPAWN_E_CANCELLED, SPAWN_E_ABORTED};
    const auto status = no_effect[world_.rng().one_in(2) ? 0 : world_.rng().below(5)];
    world_.after_us(answer_us, [this, all, status] { answer_all(*all, status); });
    return;
  }
  constexpr spawn_status doubtful[] = {SPAWN_E_UNKNOWN_OUTCOME, SPAWN_E_INTERNAL, SPAWN_E_SHUTDOWN};
  const auto status = doubtful[world_.rng().one_in(2) ? 0 : world_.rng().below(3)];
  switch (world_.rng().below(3)) {
    case 0:
      world_.after_us(apply_us, land);
      break;
    case 1: {
      const std::uint64_t late_us = world_.rng().below(world_.plans.late_ms) * 1'000;
      world_.after_us(answer_us + late_us, land);
      break;
    }
    default:
      break;
  }
  world_.after_us(answer_us, [this, all, status] { answer_all(*all, status); });
}

// All or none: the first that is not as expected decides.
void sim_store::apply(unit& all) {
  if (all.front().code == SPAWN_SS_LIST) {
    apply_list(all.front());
    return;
  }
  if (all.front().code == SPAWN_SS_LOAD) {
    apply_load(all.front());
    return;
  }
  for (operation& op : all) {
    if (op.code == SPAWN_SS_DELETE && op.expect_revision == 0) {
      judge_.fail("store", "a DELETE of a key that was never seen: " + op.key);
    }
    if (is_expected(op) || !world_.with.cas) {
      continue;
    }
    for (operation& other : all) {
      other.status = SPAWN_E_ABORTED;
    }
    op.status = SPAWN_E_CONFLICT;
    world_.note("store conflict", spawn::hash_bytes(op.key) & 0xffff, op.content.revision,
                op.found.revision);
    return;
  }
  for (operation& op : all) {
    apply_write(op);
  }
}

void sim_store::apply_load(operation& op) {
  const auto found = records_.find(op.key);
  op.status = SPAWN_E_NOT_FOUND;
  if (found == records_.end()) {
    return;
  }
  const record& of = found->second;
  if (op.at_revision == 0 || op.at_revision == of.head.revision) {
    op.found = of.head;
    op.status = of.head.deleted ? SPAWN_E_NOT_FOUND : SPAWN_OK;
    return;
  }
  const auto older = of.past.find(op.at_revision);
  if (older != of.past.end() && !older->second.deleted) {
    op.found = older->second;
    op.status = SPAWN_OK;
  }
}

bool sim_store::is_expected(operation& op) {
  const auto found = records_.find(op.key);
  const version* now = found == records_.end() ? nullptr : &found->second.head;
  op.found = now != nullptr ? *now : version{};
  return op.expect_revision == 0
             ? now == nullptr
             : now != nullptr && now->revision == op.expect_revision &&
                   (!world_.with.cas_on_writer || now->writer == op.expect_writer);
}

void sim_store::apply_write(operation& op) {
  op.status = SPAWN_OK;
  if (op.code == SPAWN_SS_CHECK) {
    return;
  }
  world_.note("store landed", spawn::hash_bytes(op.key) & 0xffff, op.content.revision,
              op.content.writer);
  if (op.leaves_nothing) {
    records_.erase(op.key);
    return;
  }
  const auto found = records_.find(op.key);
  const version* now = found == records_.end() ? nullptr : &found->second.head;
  if (const auto actor = actor_of(op.key)) {
    judge_.landed(*actor, {content(now), content(&op.content), now != nullptr ? now->revision : 0,
                           op.content.revision, op.content.writer, is_ordered(op.content)});
    recent_.push_back(op.key);
    if (recent_.size() > 8) {
      recent_.erase(recent_.begin());
    }
  }
  if (const auto flow = errand_ledger::name_of(op.key); !flow.empty()) {
    judge_.errands.landed(flow, op.content.deleted ? std::string() : content(&op.content));
  }
  record& of = records_[op.key];
  if (now != nullptr) {
    of.past[of.head.revision] = of.head;
    if (of.past.size() > past_max) {
      of.past.erase(of.past.begin());
    }
    of.before = std::move(of.head);
    if (op.erases) {
      of.past.clear();
      of.before.reset();
    }
  }
  of.head = op.content;
  of.head.written_ms = world_.time().unix_ms();
}

void sim_store::apply_list(operation& op) const {
  const std::uint32_t most = op.limit != 0 && op.limit < 16 ? op.limit : 16;  // short pages
  auto at = op.cursor.empty() ? records_.lower_bound(op.key) : records_.upper_bound(op.cursor);
  for (; at != records_.end() && (op.to.empty() || at->first < op.to); ++at) {
    if (at->second.head.deleted) {
      continue;
    }
    if (op.rows.size() == most) {
      op.next_cursor = op.rows.back().first;
      return;
    }
    op.rows.emplace_back(at->first, at->second.head);
  }
}

void sim_store::answer_all(unit& all, std::optional<spawn_status> instead) {
  for (operation& op : all) {
    answer_with(op, instead.value_or(op.status));
  }
}

void sim_store::answer_with(operation& op, spawn_status status) {
  --unfinished_;
  if (dead_.contains(op.life)) {
    return;
  }
  spawn_op& raw = *op.raw;
  raw.status = status;
  const bool applied = status == op.status;
  if (op.code == SPAWN_SS_LOAD && applied) {
    auto& out = reinterpret_cast<spawn_ss_load&>(raw).out;
    const bool live = status == SPAWN_OK;
    out = {};
    out.revision = op.found.revision;
    out.writer = op.found.writer;
    out.written_unix_ms = op.found.written_ms;
    out.type_url = own(op.found.type_url, live);
    out.payload = own(op.found.payload, live && op.found.has_payload);
    out.meta = own(op.found.meta, op.found.revision != 0);
  } else if (op.code == SPAWN_SS_LIST && status == SPAWN_OK) {
    auto page = std::make_unique<list_page>();
    page->bytes.reserve(op.rows.size() * 4);
    page->rows.reserve(op.rows.size());
    const auto keep = [&](const std::string& s) -> const std::string& {
      return page->bytes.emplace_back(s);
    };
    for (const auto& [key, v] : op.rows) {
      spawn_ss_row row{};
      row.key = spawn::slice_of(keep(key));
      row.rec.revision = v.revision;
      row.rec.writer = v.writer;
      row.rec.written_unix_ms = v.written_ms;
      row.rec.type_url = borrow(keep(v.type_url));
      row.rec.payload = v.has_payload && op.with_payload ? borrow(keep(v.payload)) : spawn_buf{};
      row.rec.meta = borrow(keep(v.meta));
      page->rows.push_back(row);
    }
    auto& list = reinterpret_cast<spawn_ss_list&>(raw);
    list.out_rows = page->rows.data();
    list.out_n = static_cast<std::uint32_t>(page->rows.size());
    list.out_row_stride = sizeof(spawn_ss_row);
    list.out_cursor = own(op.next_cursor, !op.next_cursor.empty());
    list.out_owner.ptr = page.get();
    list.out_owner.ctx = page.release();
    list.out_owner.release = [](void* ctx, const void*, std::size_t) {
      delete static_cast<list_page*>(ctx);
    };
  } else if (status == SPAWN_E_CONFLICT) {
    auto& save = reinterpret_cast<spawn_ss_save&>(raw);
    save.out_revision = op.found.revision;
    save.out_writer = op.found.writer;
  }
  world_.note("store answer", op.code, spawn::hash_bytes(op.key) & 0xffff,
              static_cast<std::uint64_t>(status));
  if (!spawn::port_op::end(raw)) {
    judge_.fail("store", "an operation that was not in flight was answered");
  }
}

void sim_store::operator_event() {
  if (recent_.empty()) {
    return;
  }
  const std::string key = recent_[world_.rng().below(recent_.size())];
  const auto found = records_.find(key);
  const auto actor = actor_of(key);
  if (found == records_.end() || !actor) {
    return;
  }
  const bool back = found->second.before.has_value() && !world_.rng().one_in(4);
  world_.note(back ? "operator restores" : "operator removes", spawn::hash_bytes(key) & 0xffff,
              found->second.head.revision);
  if (back) {
    found->second.head = std::move(*found->second.before);
    found->second.before.reset();
    judge_.operator_changed(*actor, content(&found->second.head));
    return;
  }
  records_.erase(found);
  judge_.operator_changed(*actor, {});
}

std::optional<std::uint32_t> sim_store::actor_of(const std::string& key) {
  if (actors_.empty()) {
    for (std::size_t i = 0; i < judge_.actors().size(); ++i) {
      const auto& a = judge_.actors()[i];
      if (a.mode != spawn::durability::none) {
        actors_[*spawn::actor_key("sys", a.parent, a.name)] = static_cast<std::uint32_t>(i);
      }
    }
  }
  const auto found = actors_.find(key);
  return found == actors_.end() ? std::nullopt : std::optional(found->second);
}

// Whether a save carries what an operator asked for: a tombstone, or what was restored.
bool sim_store::is_ordered(const version& v) {
  if (v.deleted || v.meta.empty()) {
    return v.deleted;
  }
  const auto meta = spawn::decode_meta(std::string_view(v.meta).substr(1));  // in clear
  return meta && (meta->flags & spawn::meta_restored_from) != 0;
}

std::uint64_t sim_store::revision_of(std::uint32_t actor) const {
  const auto& a = judge_.actors()[actor];
  const auto found = records_.find(*spawn::actor_key("sys", a.parent, a.name));
  return found == records_.end() ? 0 : found->second.head.revision;
}

std::vector<std::pair<std::string, spawn::invocation_ptr>> sim_store::rows() const {
  std::vector<std::pair<std::string, spawn::invocation_ptr>> out;
  for (const auto& [key, of] : records_) {
    const bool is_row = key.starts_with("m/") || key.starts_with("t/") || key.starts_with("d/");
    if (!is_row || of.head.payload.empty() || of.head.meta.empty()) {
      continue;
    }
    // In clear: one byte of envelope before each.
    auto read = spawn::decode_row(std::string_view(of.head.payload).substr(1),
                                  std::string_view(of.head.meta).substr(1));
    if (!read) {
      judge_.fail("row", "the row " + key + " cannot be read: " + read.error().text);
      continue;
    }
    out.emplace_back(key, std::move(*read));
  }
  return out;
}

std::vector<std::string> sim_store::running_calls() const {
  std::vector<std::string> out;
  for (const auto& [key, of] : records_) {
    if (!key.starts_with("k/") || of.head.payload.empty()) {
      continue;
    }
    const auto read = spawn::decode_call(std::string_view(of.head.payload).substr(1));
    if (!read) {
      judge_.fail("row", "the row " + key + " cannot be read: " + read.error().text);
    } else if (read->state == spawn::call_state::running) {
      out.push_back(key);
    }
  }
  return out;
}

// What the actor's state is, without the envelope of a value in clear.
std::string sim_store::content(const version* v) {
  return v == nullptr || v->payload.empty() ? std::string() : v->payload.substr(1);
}

}  // namespace sim
