/* Unit tests over the plugin's file: what its kind has to keep, on the fake host. */
#include "check.h"
#include "spawn/plugin/testing/fake_transport.h"

/* One instance with one lane. Every op ends inside its submit. */
static void begin(spawn_fake_bus* b, const spawn_plugin_entry* entry, const char* config) {
  require(spawn_fake_bus_start(b, entry, config), "the instance starts and a lane opens");
}

static void end(spawn_fake_bus* b) {
  spawn_fake_bus_end(b);
  require(b->host.violations == 0, b->host.violation);
}

static void who_subscribed_hears(const spawn_plugin_entry* entry) {
  spawn_fake_bus b;
  begin(&b, entry, "{}");
  require(b.link_up, "the link is up");
  require(spawn_fake_subscribe(&b, 7, "shop.*", 10) == SPAWN_OK, "a pattern is taken");
  require(spawn_fake_publish(&b, "shop.orders", "one") == SPAWN_OK, "a message is taken");
  require(spawn_fake_publish(&b, "stock.orders", "two") == SPAWN_OK, "so is one nobody hears");
  require(b.n_heard == 1 && b.sub_id == 7, "one of them is heard");
  require(strcmp(b.subject, "shop.orders") == 0 && strcmp(b.payload, "one") == 0, "as it was sent");
  end(&b);
}

static void nothing_comes_beyond_the_credit(const spawn_plugin_entry* entry) {
  spawn_fake_bus b;
  begin(&b, entry, "{\"max_held\":1}");
  require(spawn_fake_subscribe(&b, 7, "s", 1) == SPAWN_OK, "a pattern is taken");
  require(spawn_fake_publish(&b, "s", "one") == SPAWN_OK, "a message is taken");
  require(spawn_fake_publish(&b, "s", "two") == SPAWN_OK, "one to be held");
  require(spawn_fake_publish(&b, "s", "lost") == SPAWN_OK, "one to be lost");
  require(b.n_heard == 1, "a credit of one is one message");
  spawn_fake_grant(&b, 7, 10);
  require(b.n_heard == 2 && strcmp(b.payload, "two") == 0, "what was held comes with the next");
  end(&b);
}

static void unsubscribed_is_silent(const spawn_plugin_entry* entry) {
  spawn_fake_bus b;
  begin(&b, entry, "{}");
  require(spawn_fake_subscribe(&b, 7, "s", 10) == SPAWN_OK, "a pattern is taken");
  require(spawn_fake_unsubscribe(&b, 7) == SPAWN_OK, "it is taken back");
  require(spawn_fake_unsubscribe(&b, 7) == SPAWN_E_NOT_FOUND, "which can be done once");
  require(spawn_fake_publish(&b, "s", "one") == SPAWN_OK && b.n_heard == 0, "nothing is heard");
  end(&b);
}

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = open_plugin(argc, argv);
  who_subscribed_hears(entry);
  nothing_comes_beyond_the_credit(entry);
  unsubscribed_is_silent(entry);
  puts("all tests passed");
  return 0;
}
