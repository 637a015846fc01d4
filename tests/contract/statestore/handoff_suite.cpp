#include "contract/statestore/handoff_suite.hpp"

#include "contract/statestore/store_client.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/handoff.h"

namespace contract {
namespace {

constexpr int records = 200;
constexpr std::size_t chunks_max = 10'000;  // of so few records

struct chunks {
  std::vector<std::string> all;
  std::size_t bytes = 0;
};

// One store and its handoff table.
class party {
 public:
  explicit party(const target& t) : store(t), table_(needed()) {}

  [[nodiscard]] const spawn_handoff& table() const { return *table_; }
  [[nodiscard]] spawn_instance* raw() { return store.instance().raw(); }

  void quiesce() { require(store.instance().quiesce(), "quiesce does not end with OK"); }
  void start_again() { require(store.instance().start(), "start after quiesce does not end OK"); }

  [[nodiscard]] chunks give() {
    chunks out;
    for (bool is_last = false; !is_last;) {
      auto op = fresh();
      table_->export_next(raw(), op.get());
      const spawn_status status = ended(op);
      require_equal(status, int{SPAWN_OK}, "export_next");
      const std::string_view chunk = spawn::plugin::text(op->out_chunk);
      require(chunk.size() <= SPAWN_HANDOFF_CHUNK_MAX, "a chunk is larger than the most there is");
      out.all.emplace_back(chunk);
      out.bytes += chunk.size();
      is_last = op->last != 0;
      spawn::plugin::release(op->out_chunk);
      require(out.all.size() < chunks_max, "export_next has no last chunk");
    }
    return out;
  }
  [[nodiscard]] spawn_status take(const std::vector<std::string>& all) {
    spawn_status status = SPAWN_OK;
    for (std::size_t i = 0; i < all.size() && status == SPAWN_OK; ++i) {
      auto op = fresh();
      op->in_chunk = spawn::plugin::slice(all[i]);
      op->last = i + 1 == all.size() ? 1 : 0;
      table_->import_next(raw(), op.get());
      status = ended(op);
    }
    return status;
  }

  store_client store;

 private:
  [[nodiscard]] const spawn_handoff* needed() {
    const auto* found = store.instance().interface<spawn_handoff>(SPAWN_HANDOFF);
    if (found == nullptr) {
      throw skipped{(store.capabilities() & SPAWN_SS_CAP_DURABLE) != 0
                        ? "it is durable, and has no " SPAWN_HANDOFF
                        : "it has no " SPAWN_HANDOFF
                          ": a kernel does not swap it, as it would "
                          "lose its records"};
    }
    require(found->struct_size >= sizeof(spawn_handoff), "the table is too short");
    require(found->schema_written > 0, "schema_written is 0");
    require(
        found->accepts != nullptr && found->export_next != nullptr && found->import_next != nullptr,
        "a slot is NULL");
    return found;
  }
  [[nodiscard]] std::unique_ptr<spawn_handoff_op> fresh() {
    auto op = std::make_unique<spawn_handoff_op>();
    op->op.struct_size = sizeof(spawn_handoff_op);
    op->op.status = SPAWN_E_INTERNAL;
    store.host.expect(&op->op);
    return op;
  }
  [[nodiscard]] spawn_status ended(std::unique_ptr<spawn_handoff_op>& op) {
    if (!store.host.wait(&op->op)) {
      (void)op.release();  // the plugin may still write into it
      throw failed{"a call of the handoff did not end"};
    }
    spawn::plugin::release(op->op.error);
    return op->op.status;
  }

  const spawn_handoff* const table_;
};

std::string key_of(int i) {
  return "key/" + std::to_string(i);
}

// Every fourth of them is a tombstone.
void fill(store_client& s) {
  for (int i = 0; i < records; ++i) {
    s.expect(save(key_of(i), 0, 0, 7, std::string(1'000, 'x') + std::to_string(i)), SPAWN_OK);
    if (i % 4 == 0) {
      s.expect(remove(key_of(i), 1, 7, 8), SPAWN_OK);
    }
  }
}

void require_all(store_client& s, const char* who) {
  for (int i = 0; i < records; ++i) {
    const bool gone = i % 4 == 0;
    const answer got = s.one(load(key_of(i)));
    const std::string what = std::string(who) + ": " + key_of(i);
    require_equal(got.status, gone ? int{SPAWN_E_NOT_FOUND} : int{SPAWN_OK}, what);
    require_equal(got.record.revision, std::uint64_t{gone ? 2u : 1u}, what + ", revision");
    require_equal(got.record.writer, std::uint64_t{gone ? 8u : 7u}, what + ", writer");
    if (!gone) {
      require(got.record.payload == std::string(1'000, 'x') + std::to_string(i),
              what + ": the payload is another");
    }
  }
}

void table_is_whole(const target& t) {
  party of(t);
}

void is_read(const target& t) {
  party older(t), newer(t);
  require(newer.table().accepts(newer.raw(), older.table().schema_written) != 0,
          "accepts() refuses what another instance of the same plugin writes");
}

void ends(const target& t) {
  party older(t);
  fill(older.store);
  older.quiesce();
  (void)older.give();
}

void brings_everything(const target& t) {
  party older(t), newer(t);
  fill(older.store);
  older.quiesce();
  require_equal(newer.take(older.give().all), int{SPAWN_OK}, "import_next");
  require_all(newer.store, "the new one");
  newer.store.expect(save(key_of(1), 1, 7, 9), SPAWN_OK);  // and it is at work
}

void leaves_the_old_one(const target& t) {
  party older(t);
  fill(older.store);
  older.quiesce();
  (void)older.give();
  older.start_again();
  require_all(older.store, "the old one, started again");
}

void begins_again(const target& t) {
  party older(t);
  fill(older.store);
  older.quiesce();
  const std::size_t first = older.give().bytes;
  older.start_again();
  older.quiesce();
  require_equal(older.give().bytes, first, "bytes of an export after another start");
}

void refuses_what_is_none(const target& t) {
  party older(t), newer(t);
  older.store.expect(save("a", 0, 0, 7), SPAWN_OK);
  older.quiesce();
  std::vector<std::string> cut = older.give().all;
  for (std::string& each : cut) {
    each.resize(each.size() / 2);
  }
  require(newer.take(cut) != SPAWN_OK, "import_next takes half a chunk for a whole one");
  party other(t);
  require(other.take({std::string(1'000, '\xff')}) != SPAWN_OK,
          "import_next takes bytes that no export made");
}

}  // namespace

std::vector<check> handoff_checks() {
  return {
      {"swap.handoff_table_is_whole", table_is_whole,
       "the table of spawn.handoff/1 has all slots and a schema"},
      {"swap.handoff_is_read", is_read, "an instance accepts the schema that it writes"},
      {"swap.handoff_ends", ends, "an export ends, with chunks that are not too large"},
      {"swap.handoff_brings_everything", brings_everything,
       "records and tombstones are in the new instance as they were in the old one"},
      {"swap.handoff_leaves_the_old_one", leaves_the_old_one,
       "after an export the old instance can be started and has everything"},
      {"swap.handoff_begins_again", begins_again,
       "an export after another start begins at the beginning"},
      {"swap.handoff_refuses_what_is_none", refuses_what_is_none,
       "a chunk that was cut, and one that is none, end with an error"},
  };
}

}  // namespace contract
