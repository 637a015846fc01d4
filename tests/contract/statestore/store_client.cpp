#include "contract/statestore/store_client.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <span>
#include <utility>

namespace contract {

namespace {

using spawn::plugin::slice;
using spawn::plugin::text;

constexpr unsigned char grave_pattern = 0xa5;
constexpr std::size_t graves_max = 4'096;

bool is_write(std::uint16_t code) {
  return code == SPAWN_SS_SAVE || code == SPAWN_SS_DELETE || code == SPAWN_SS_CHECK ||
         code == SPAWN_SS_REWRITE || code == SPAWN_SS_PRUNE;
}
bool is_page(std::uint16_t code) {
  return code == SPAWN_SS_LIST || code == SPAWN_SS_HISTORY;
}

stored taken(const spawn_ss_record& r) {
  stored out;
  out.revision = r.revision;
  out.writer = r.writer;
  out.written_ms = r.written_unix_ms;
  out.type_url = text(r.type_url);
  out.meta = text(r.meta);
  if (r.payload.ptr != nullptr) {
    out.payload = text(r.payload);
  }
  return out;
}

}  // namespace

// One op with everything it points at.
struct store_client::flying {
  union any_op {
    spawn_op op;
    spawn_ss_load load;
    spawn_ss_save save;
    spawn_ss_list list;
  };
  any_op raw;
  std::vector<spawn_slice> payload;

  void fill(const request& r) {
    std::memset(&raw, 0, sizeof(raw));
    static std::atomic<std::uint64_t> ids{1};
    raw.op.code = r.code;
    raw.op.flags = r.flags;
    raw.op.op_id = ids.fetch_add(1);
    raw.op.deadline_ns = r.deadline_ns;
    if (is_write(r.code)) {
      raw.op.struct_size = sizeof(spawn_ss_save);
      spawn_ss_save& s = raw.save;
      s.key = slice(r.key);
      s.expect_revision = r.expect_revision;
      s.expect_writer = r.expect_writer;
      s.new_revision = r.new_revision;
      s.writer = r.writer;
      s.atomic_group = r.group;
      s.ttl_s = r.ttl_s;
      s.keep_history = r.keep_history;
      s.keep_history_ms = r.keep_history_ms;
      s.written_unix_ms = r.written_ms;
      s.type_url = slice(r.type_url);
      s.meta = slice(r.meta);
      if (r.payload.has_value()) {
        for (const std::string& part : *r.payload) {
          payload.push_back(slice(part));
        }
      }
      s.payload = payload.data();
      s.n_payload = static_cast<std::uint32_t>(payload.size());
    } else if (is_page(r.code)) {
      raw.op.struct_size = sizeof(spawn_ss_list);
      spawn_ss_list& l = raw.list;
      l.from = slice(r.key);
      l.to = slice(r.to);
      l.cursor = slice(r.cursor);
      l.from_revision = r.from_revision;
      l.to_revision = r.to_revision;
      l.limit = r.limit;
      l.with_payload = r.with_payload ? 1 : 0;
      l.reverse = r.reverse ? 1 : 0;
    } else {
      raw.op.struct_size = sizeof(spawn_ss_load);
      raw.load.key = slice(r.key);
      raw.load.at_revision = r.at_revision;
    }
  }

  answer take() {
    answer a;
    a.status = raw.op.status;
    a.error = text(raw.op.error);
    spawn::plugin::release(raw.op.error);
    if (is_write(raw.op.code)) {
      a.out_revision = raw.save.out_revision;
      a.out_writer = raw.save.out_writer;
    } else if (is_page(raw.op.code)) {
      for (std::uint32_t i = 0; i < raw.list.out_n; ++i) {
        const auto* at = reinterpret_cast<const char*>(raw.list.out_rows) +
                         std::size_t{i} * raw.list.out_row_stride;
        const auto& row = *reinterpret_cast<const spawn_ss_row*>(at);
        a.rows.push_back(taken(row.rec));
        a.rows.back().key = text(row.key);
        a.rows.back().expires_ms = row.expires_unix_ms;
        a.rows.back().tombstone = row.tombstone != 0;
      }
      a.cursor = text(raw.list.out_cursor);
      spawn::plugin::release(raw.list.out_cursor);
      spawn::plugin::release(raw.list.out_owner);
    } else if (raw.op.code == SPAWN_SS_LOAD) {
      a.record = taken(raw.load.out);
      spawn::plugin::release(raw.load.out.type_url);
      spawn::plugin::release(raw.load.out.payload);
      spawn::plugin::release(raw.load.out.meta);
    }
    return a;
  }
};

request load(std::string key, std::uint64_t at) {
  request r;
  r.key = std::move(key);
  r.at_revision = at;
  return r;
}

request save(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer,
             std::uint64_t writer, std::optional<std::string> payload) {
  request r;
  r.code = SPAWN_SS_SAVE;
  r.key = std::move(key);
  r.expect_revision = expect_revision;
  r.expect_writer = expect_writer;
  r.new_revision = expect_revision + 1;
  r.writer = writer;
  r.payload = std::nullopt;
  if (payload.has_value()) {
    r.payload = std::vector<std::string>{std::move(*payload)};
  }
  return r;
}

request remove(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer,
               std::uint64_t writer, std::uint16_t flags) {
  request r = save(std::move(key), expect_revision, expect_writer, writer, std::nullopt);
  r.code = SPAWN_SS_DELETE;
  r.flags = flags;
  return r;
}

request verify(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer) {
  request r = save(std::move(key), expect_revision, expect_writer, 0, std::nullopt);
  r.code = SPAWN_SS_CHECK;
  return r;
}

request rewrite(std::string key, std::uint64_t revision, std::uint64_t writer,
                std::optional<std::string> payload, std::string meta) {
  request r = save(std::move(key), revision, writer, 0, std::move(payload));
  r.code = SPAWN_SS_REWRITE;
  r.meta = std::move(meta);
  return r;
}

request list(std::string from, std::string to, std::uint32_t limit, bool reverse) {
  request r;
  r.code = SPAWN_SS_LIST;
  r.key = std::move(from);
  r.to = std::move(to);
  r.limit = limit;
  r.reverse = reverse;
  return r;
}

request history(std::string key, std::uint32_t limit, bool reverse) {
  request r = list(std::move(key), {}, limit, reverse);
  r.code = SPAWN_SS_HISTORY;
  return r;
}

request import(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer,
               std::uint64_t revision, std::uint64_t writer, std::int64_t written_ms) {
  request r = save(std::move(key), expect_revision, expect_writer, writer);
  r.flags = SPAWN_SS_F_IMPORT;
  r.new_revision = revision;
  r.written_ms = written_ms;
  return r;
}

request prune(std::string key, std::uint32_t keep, std::uint64_t keep_ms) {
  request r = save(std::move(key), 0, 0, 0, std::nullopt);
  r.code = SPAWN_SS_PRUNE;
  r.keep_history = keep;
  r.keep_history_ms = keep_ms;
  return r;
}

request in_group(request r, std::uint64_t group) {
  r.group = group;
  return r;
}

store_client::store_client(const target& t, std::uint32_t lanes)
    : store_client(t, t.fresh_config(), lanes) {}

store_client::store_client(const target& t, const std::string& config, std::uint32_t lanes)
    : instance_(
          std::make_unique<spawn::plugin::testing::fake_instance>(host, t.entry, config, lanes)) {
  require(instance_->raw() != nullptr, "create: " + instance_->error());
  require(instance_->start(), "start: " + instance_->error());
  table_ = instance_->interface<spawn_statestore>(SPAWN_STATESTORE);
  require(table_ != nullptr, "no " SPAWN_STATESTORE);
  for (std::uint32_t i = 0; i < lanes; ++i) {
    spawn_ss_lane* lane = nullptr;
    require_equal(table_->lane_open(instance_->raw(), i, &lane), int{SPAWN_OK}, "lane_open");
    lanes_.push_back(lane);
  }
}

store_client::~store_client() {
  for (spawn_ss_lane* lane : lanes_) {
    table_->lane_close(lane);
  }
  instance_.reset();
}

std::vector<answer> store_client::run(const std::vector<request>& batch, std::uint32_t lane) {
  std::vector<std::unique_ptr<flying>> ops;
  std::vector<spawn_op*> raw;
  for (const request& r : batch) {
    ops.push_back(std::make_unique<flying>());
    ops.back()->fill(r);
    raw.push_back(&ops.back()->raw.op);
    host.expect(raw.back());
  }
  table_->submit(lanes_[lane], raw.data(), static_cast<std::uint32_t>(raw.size()));
  std::vector<answer> out;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    if (!host.wait(raw[i])) {
      // The plugin may still write into it: leave it alone for good.
      for (auto& op : ops) {
        (void)op.release();
      }
      throw failed{"an op did not end within 30 s"};
    }
    out.push_back(ops[i]->take());
  }
  bury(std::move(ops));
  return out;
}

void store_client::bury(std::vector<std::unique_ptr<flying>> ops) {
  const std::lock_guard hold(mutex_);
  for (auto& op : ops) {
    if (graveyard_.size() < graves_max) {
      std::memset(&op->raw, grave_pattern, sizeof(op->raw));
      graveyard_.push_back(std::move(op));
    }
  }
}

answer store_client::expect(const request& r, spawn_status status) {
  answer a = one(r);
  require_equal(a.status, status,
                "status of op code " + std::to_string(r.code) + " on '" +
                    std::string(described(r.key)) + "' (" + a.error + ")");
  return a;
}

bool store_client::has_admin() const {
  return instance_->interface<spawn_statestore_admin>(SPAWN_STATESTORE_ADMIN) != nullptr;
}

std::string store_client::admin(void (*spawn_statestore_admin::*call)(spawn_instance*,
                                                                      spawn_ss_admin*),
                                spawn_status status) {
  auto op = std::make_unique<spawn_ss_admin>();
  op->op.struct_size = sizeof(*op);
  host.expect(&op->op);
  const auto* desk = instance_->interface<spawn_statestore_admin>(SPAWN_STATESTORE_ADMIN);
  (desk->*call)(instance_->raw(), op.get());
  if (!host.wait(&op->op)) {
    (void)op.release();  // the plugin may still write into it
    throw failed{"an admin op did not end within 30 s"};
  }
  const std::string error(text(op->op.error)), out(text(op->out));
  spawn::plugin::release(op->op.error);
  spawn::plugin::release(op->out);
  require_equal(op->op.status, status, "status of an admin op (" + error + ")");
  return out;
}

std::uint64_t store_client::capabilities() const {
  return table_->capabilities(instance_->raw());
}

void store_client::verify_host() {
  const auto breaches = host.violations();
  require(breaches.empty(), breaches.empty() ? std::string_view() : breaches.front());
  for (const auto& op : graveyard_) {
    const auto bytes = std::span(reinterpret_cast<const unsigned char*>(&op->raw), sizeof(op->raw));
    require(
        std::all_of(bytes.begin(), bytes.end(), [](unsigned char c) { return c == grave_pattern; }),
        "an op was touched after it ended");
  }
}

void needs(const store_client& s, std::uint64_t capability, const char* why) {
  if ((s.capabilities() & capability) == 0) {
    throw skipped{why};
  }
}

}  // namespace contract
