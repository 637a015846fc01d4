/* Unit tests over the plugin's file: what its actors do, on a fake lane. */
#include "check.h"
#include "spawn/plugin/testing/fake_live_host.h"
#include "spawn/plugin/wire.h"

/* In the order of the plugin's registration. */
enum { COUNTER, TOTAL };
enum { ADD, SHOW };

typedef struct bench {
  spawn_fake_host host;
  const spawn_plugin_entry* entry;
  spawn_instance* instance;
  spawn_fake_live lane;
  spawn_fake_actor *one, *total;
  char room[16];
} bench;

static void begin(bench* b, const spawn_plugin_entry* entry, const char* config) {
  spawn_fake_host_init(&b->host);
  b->entry = entry;
  b->instance = spawn_fake_start(&b->host, entry, config);
  require(b->instance != NULL, "the instance starts");
  require(spawn_fake_live_open(&b->lane, &b->host, b->instance) == SPAWN_OK, "the lane opens");
  b->one = spawn_fake_live_make(&b->lane, COUNTER, "@name@", "one");
  b->total = spawn_fake_live_make(&b->lane, TOTAL, "", "@name@-total");
  require(b->one != NULL && b->total != NULL, "the actors are made");
}

static void end(bench* b) {
  spawn_fake_live_close(&b->lane);
  spawn_fake_end(&b->host, b->entry, b->instance);
  require(b->host.violations == 0, b->host.violation);
}

static spawn_payload nothing(void) {
  spawn_payload p;
  memset(&p, 0, sizeof(p));
  return p;
}

static spawn_payload amount(bench* b, int64_t value) {
  spawn_wire_writer w = spawn_wire_write(b->room, sizeof(b->room));
  spawn_payload p = nothing();
  spawn_wire_put_int(&w, 1, value);
  p.presence = SPAWN_P_VALUE;
  p.type_url.ptr = "type.googleapis.com/google.protobuf.Int64Value";
  p.type_url.len = strlen(p.type_url.ptr);
  p.value.ptr = b->room;
  p.value.len = w.needed;
  return p;
}

static spawn_status ask(bench* b, spawn_fake_actor* who, uint32_t action, spawn_payload p) {
  require(spawn_fake_live_ask(&b->lane, who, action, p), "it answers at once");
  return b->lane.reply_status;
}

/* Whether the last answer is this number. */
static int said(bench* b, int64_t value) {
  const spawn_payload p = amount(b, value);
  return b->lane.reply.len == p.value.len &&
         memcmp(b->lane.reply.value, p.value.ptr, (size_t)p.value.len) == 0;
}

static void it_adds_up_and_answers(const spawn_plugin_entry* entry) {
  bench b;
  begin(&b, entry, "{}");
  require(ask(&b, b.one, ADD, amount(&b, 2)) == SPAWN_OK, "an amount is added");
  require(ask(&b, b.one, ADD, amount(&b, 300)) == SPAWN_OK, "and another");
  require(ask(&b, b.one, SHOW, nothing()) == SPAWN_OK && said(&b, 302), "the sum");
  end(&b);
}

static void it_tells_the_total(const spawn_plugin_entry* entry) {
  bench b;
  spawn_payload told = nothing();
  begin(&b, entry, "{}");
  require(ask(&b, b.one, ADD, amount(&b, 7)) == SPAWN_OK, "an amount is added");
  require(b.lane.n_sent == 1 && b.lane.sent_to == b.total, "to the total");
  told.presence = SPAWN_P_VALUE;
  told.value.ptr = b.lane.sent.value;
  told.value.len = b.lane.sent.len;
  spawn_fake_live_tell(&b.lane, b.total, b.lane.sent_action, told, b.one);
  require(ask(&b, b.total, SHOW, nothing()) == SPAWN_OK && said(&b, 7), "which adds it up");
  end(&b);
}

static void what_can_not_be_read_is_refused(const spawn_plugin_entry* entry) {
  bench b;
  spawn_payload cut;
  begin(&b, entry, "{\"amount_max\":10}");
  require(ask(&b, b.one, ADD, nothing()) == SPAWN_E_INVALID, "no amount");
  require(b.lane.reply.len != 0, "with a text");
  require(ask(&b, b.one, ADD, amount(&b, 11)) == SPAWN_E_INVALID, "too large");
  require(ask(&b, b.one, ADD, amount(&b, -1)) == SPAWN_E_INVALID, "below 0");
  cut = amount(&b, 1);
  cut.value.len = 1;
  require(ask(&b, b.one, ADD, cut) == SPAWN_E_INVALID, "cut off");
  require(ask(&b, b.one, SHOW, nothing()) == SPAWN_OK && said(&b, 0), "nothing was added");
  end(&b);
}

static void without_room_nothing_is_added(const spawn_plugin_entry* entry) {
  bench b;
  begin(&b, entry, "{}");
  b.lane.answer_to_sends = SPAWN_E_EXHAUSTED;
  require(ask(&b, b.one, ADD, amount(&b, 1)) == SPAWN_E_EXHAUSTED, "the caller is told");
  require(ask(&b, b.one, SHOW, nothing()) == SPAWN_OK && said(&b, 0), "nothing was added");
  end(&b);
}

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = open_plugin(argc, argv);
  it_adds_up_and_answers(entry);
  it_tells_the_total(entry);
  what_can_not_be_read_is_refused(entry);
  without_room_nothing_is_added(entry);
  puts("all tests passed");
  return 0;
}
