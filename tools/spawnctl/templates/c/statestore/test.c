/* Unit tests over the plugin's file: what its kind has to keep, on the fake host. */
#include <string.h>

#include "check.h"
#include "spawn/plugin/statestore.h"

/* One instance with one lane. Every op ends inside its submit. */
typedef struct bench {
  spawn_fake_host host;
  const spawn_plugin_entry* entry;
  spawn_instance* instance;
  const spawn_statestore* table;
  spawn_ss_lane* lane;
} bench;

static void begin(bench* b, const spawn_plugin_entry* entry, const char* config) {
  spawn_fake_host_init(&b->host);
  b->entry = entry;
  b->instance = spawn_fake_start(&b->host, entry, config);
  require(b->instance != NULL, "the instance starts");
  b->table = b->instance->vt->get_interface(b->instance, SPAWN_STATESTORE);
  require(b->table != NULL, "the plugin has the table of its kind");
  require(b->table->lane_open(b->instance, 0, &b->lane) == SPAWN_OK, "a lane opens");
}

static void end(bench* b) {
  b->table->lane_close(b->lane);
  spawn_fake_end(&b->host, b->entry, b->instance);
  require(b->host.violations == 0, b->host.violation);
}

static void submit(bench* b, spawn_op* op) {
  spawn_fake_expect(&b->host, op);
  b->table->submit(b->lane, &op, 1);
  require(spawn_fake_ended(op), "the op ends inside submit");
}

static spawn_status save(bench* b, const char* key, uint64_t expect, const char* value) {
  const spawn_slice payload = {value, strlen(value)};
  spawn_ss_save op;
  memset(&op, 0, sizeof(op));
  op.op.struct_size = sizeof(op);
  op.op.code = SPAWN_SS_SAVE;
  op.key.ptr = key;
  op.key.len = strlen(key);
  op.expect_revision = expect;
  op.new_revision = expect + 1;
  op.expect_writer = op.writer = 7;
  op.payload = &payload;
  op.n_payload = 1;
  submit(b, &op.op);
  return op.op.status;
}

static void forget(spawn_buf* buf) {
  if (buf->release != NULL) {
    buf->release(buf->ctx, buf->ptr, buf->len);
  }
}

/* Whether the key's value is this; NULL: whether it has none. */
static int holds(bench* b, const char* key, const char* value) {
  spawn_ss_load op;
  int same;
  memset(&op, 0, sizeof(op));
  op.op.struct_size = sizeof(op);
  op.op.code = SPAWN_SS_LOAD;
  op.key.ptr = key;
  op.key.len = strlen(key);
  submit(b, &op.op);
  if (value == NULL) {
    same = op.op.status == SPAWN_E_NOT_FOUND;
  } else {
    same = op.op.status == SPAWN_OK && op.out.payload.len == strlen(value) &&
           memcmp(op.out.payload.ptr, value, strlen(value)) == 0;
  }
  forget(&op.out.type_url);
  forget(&op.out.payload);
  forget(&op.out.meta);
  return same;
}

static void what_was_saved_is_loaded(const spawn_plugin_entry* entry) {
  bench b;
  begin(&b, entry, "{}");
  require(save(&b, "a", 0, "one") == SPAWN_OK, "a new key is saved");
  require(save(&b, "a", 1, "two") == SPAWN_OK, "its next revision is saved");
  require(holds(&b, "a", "two"), "the newest is loaded");
  require(holds(&b, "b", NULL), "a key nobody saved is not found");
  end(&b);
}

static void a_save_that_expects_something_else_changes_nothing(const spawn_plugin_entry* entry) {
  bench b;
  begin(&b, entry, "{}");
  require(save(&b, "a", 0, "one") == SPAWN_OK, "a new key is saved");
  require(save(&b, "a", 0, "other") == SPAWN_E_CONFLICT, "a key that is there is a conflict");
  require(save(&b, "a", 5, "other") == SPAWN_E_CONFLICT, "another revision is a conflict");
  require(holds(&b, "a", "one"), "the stored value stays");
  end(&b);
}

static void a_full_store_says_exhausted(const spawn_plugin_entry* entry) {
  bench b;
  begin(&b, entry, "{\"max_records\":1}");
  require(save(&b, "a", 0, "one") == SPAWN_OK, "there is room for one");
  require(save(&b, "b", 0, "one") == SPAWN_E_EXHAUSTED, "there is none for two");
  require(save(&b, "a", 1, "two") == SPAWN_OK, "a known key still changes");
  end(&b);
}

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = open_plugin(argc, argv);
  what_was_saved_is_loaded(entry);
  a_save_that_expects_something_else_changes_nothing(entry);
  a_full_store_says_exhausted(entry);
  puts("all tests passed");
  return 0;
}
