// Unit tests over the plugin's file: what its kind has to keep, on the fake host.
#include <string>
#include <string_view>

#include "check.hpp"
#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/statestore.h"

namespace {

using spawn::plugin::release;
using spawn::plugin::slice;
using spawn::plugin::text;

// One instance with one lane; every call is a submit of one op that ends inside it.
class bench : public plugin_on<> {
 public:
  explicit bench(const std::string& config)
      : plugin_on(config), table_(table<spawn_statestore>(SPAWN_STATESTORE)) {
    require(table_->lane_open(raw(), 0, &lane_) == SPAWN_OK, "a lane opens");
  }
  ~bench() { table_->lane_close(lane_); }

  void submit(spawn_op* op) {
    host.expect(op);
    table_->submit(lane_, &op, 1);
    require(host.ended(op), "the op ends inside submit");
    release(op->error);
  }

  spawn_status save(std::string_view key, std::uint64_t expect, std::string_view value) {
    const spawn_slice payload = slice(value);
    spawn_ss_save op{};
    op.op.struct_size = sizeof(op);
    op.op.code = SPAWN_SS_SAVE;
    op.key = slice(key);
    op.expect_revision = expect;
    op.expect_writer = op.writer = 7;
    op.new_revision = expect + 1;
    op.payload = &payload;
    op.n_payload = 1;
    submit(&op.op);
    return op.op.status;
  }

  std::string load(std::string_view key) {
    spawn_ss_load op{};
    op.op.struct_size = sizeof(op);
    op.op.code = SPAWN_SS_LOAD;
    op.key = slice(key);
    submit(&op.op);
    std::string out = op.op.status == SPAWN_OK ? std::string(text(op.out.payload)) : "(nothing)";
    release(op.out.type_url);
    release(op.out.payload);
    release(op.out.meta);
    return out;
  }

 private:
  const spawn_statestore* table_ = nullptr;
  spawn_ss_lane* lane_ = nullptr;
};

void what_was_saved_is_loaded() {
  bench b("{}");
  require(b.save("a", 0, "one") == SPAWN_OK, "a new key is saved");
  require(b.save("a", 1, "two") == SPAWN_OK, "its next revision is saved");
  require(b.load("a") == "two", "the newest is loaded");
  require(b.load("b") == "(nothing)", "a key nobody saved is not found");
}

void a_save_that_expects_something_else_changes_nothing() {
  bench b("{}");
  require(b.save("a", 0, "one") == SPAWN_OK, "a new key is saved");
  require(b.save("a", 0, "other") == SPAWN_E_CONFLICT, "a key that is there is a conflict");
  require(b.save("a", 5, "other") == SPAWN_E_CONFLICT, "another revision is a conflict");
  require(b.load("a") == "one", "the stored value stays");
}

void a_full_store_says_exhausted() {
  bench b(R"({"max_records":1})");
  require(b.save("a", 0, "one") == SPAWN_OK, "there is room for one");
  require(b.save("b", 0, "one") == SPAWN_E_EXHAUSTED, "there is none for two");
  require(b.save("a", 1, "two") == SPAWN_OK, "a known key still changes");
}

}  // namespace

int main(int argc, char** argv) {
  open_plugin(argc, argv);
  what_was_saved_is_loaded();
  a_save_that_expects_something_else_changes_nothing();
  a_full_store_says_exhausted();
  return ended();
}
