/* Unit tests over the plugin's file: what its kind has to keep, on the fake host. */
#define _GNU_SOURCE /* mkdtemp */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "spawn/plugin/testing/fake_activator.h"

enum { PATH_BYTES_MAX = 512 };

/* One instance with its lane over a folder of its own. */
typedef struct bench {
  spawn_fake_source on;
  char folder[PATH_BYTES_MAX];
} bench;

static const char* in(const bench* b, const char* name) {
  static char path[2 * PATH_BYTES_MAX];
  snprintf(path, sizeof(path), "%s/%s", b->folder, name);
  return path;
}

static void put(const bench* b, const char* name, const char* text) {
  char next[2 * PATH_BYTES_MAX];
  FILE* file;
  snprintf(next, sizeof(next), "%s.next", b->folder);
  file = fopen(next, "w");
  require(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0, "a file is written");
  require(rename(next, in(b, name)) == 0, "and put into the folder");
}

static int has(const bench* b, const char* name) {
  return access(in(b, name), F_OK) == 0;
}

static void make_folder(bench* b) {
  const char* within = getenv("TMPDIR");
  snprintf(b->folder, sizeof(b->folder), "%s/inbox-XXXXXX", within != NULL ? within : "/tmp");
  require(mkdtemp(b->folder) != NULL, "there is a temporary folder");
}

static void begin(bench* b, const spawn_plugin_entry* entry) {
  char config[2 * PATH_BYTES_MAX];
  snprintf(config, sizeof(config), "{\"folder\":\"%s\",\"poll_ms\":1}", b->folder);
  require(spawn_fake_source_start(&b->on, entry, config), "the instance starts, its lane opens");
}

static void end(bench* b) {
  spawn_fake_source_end(&b->on);
  require(b->on.host.violations == 0, b->on.host.violation);
  rmdir(in(b, "dead"));
  require(rmdir(b->folder) == 0, "nothing is left in the folder");
}

static void files_are_offered_within_the_window(const spawn_plugin_entry* entry) {
  bench b;
  spawn_fake_offer_seen one;
  make_folder(&b);
  put(&b, "1-anna", "one");
  put(&b, "2-ben", "two");
  begin(&b, entry);
  spawn_fake_window(&b.on, 1);
  require(spawn_fake_take(&b.on, &one), "the first file comes");
  require(strcmp(one.payload, "one") == 0 && strcmp(one.order_key, "anna") == 0, "as it is");
  require(atomic_load(&b.on.n_offers) == 1, "a window of one is one delivery");
  spawn_fake_settle(&b.on, one.token, SPAWN_ACK, 0);
  require(spawn_fake_take(&b.on, &one) && strcmp(one.payload, "two") == 0, "then the second");
  require(!has(&b, "1-anna"), "a file that is done is gone");
  spawn_fake_settle(&b.on, one.token, SPAWN_DEAD, 0);
  SPAWN_FAKE_EVENTUALLY(has(&b, "dead/2-ben"));
  require(unlink(in(&b, "dead/2-ben")) == 0, "a dead one is kept apart");
  end(&b);
}

static void a_retry_comes_after_its_delay(const spawn_plugin_entry* entry) {
  bench b;
  spawn_fake_offer_seen one;
  make_folder(&b);
  put(&b, "1-anna", "one");
  begin(&b, entry);
  spawn_fake_window(&b.on, 10);
  require(spawn_fake_take(&b.on, &one), "it comes");
  spawn_fake_settle(&b.on, one.token, SPAWN_RETRY, 5000);
  put(&b, "2-ben", "two");
  require(spawn_fake_take(&b.on, &one) && strcmp(one.payload, "two") == 0, "others do not wait");
  spawn_fake_settle(&b.on, one.token, SPAWN_ACK, 0);
  spawn_fake_pass(&b.on.host, 6000);
  require(spawn_fake_take(&b.on, &one) && strcmp(one.payload, "one") == 0, "it comes again");
  spawn_fake_settle(&b.on, one.token, SPAWN_ACK, 0);
  SPAWN_FAKE_EVENTUALLY(!has(&b, "1-anna") && !has(&b, "2-ben"));
  end(&b);
}

static void it_starts_without_its_folder(const spawn_plugin_entry* entry) {
  bench b;
  make_folder(&b);
  require(rmdir(b.folder) == 0, "the folder is not there");
  begin(&b, entry);
  SPAWN_FAKE_EVENTUALLY(atomic_load(&b.on.host.serving) == 0);
  require(mkdir(b.folder, 0777) == 0, "it is made");
  SPAWN_FAKE_EVENTUALLY(atomic_load(&b.on.host.serving) == 1);
  end(&b);
}

int main(int argc, char** argv) {
  const spawn_plugin_entry* entry = open_plugin(argc, argv);
  files_are_offered_within_the_window(entry);
  a_retry_comes_after_its_delay(entry);
  it_starts_without_its_folder(entry);
  puts("all tests passed");
  return 0;
}
