#include "contract/statestore/sqlite_disk.hpp"

#include <sqlite3.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "contract/common/temp_dir.hpp"
#include "contract/statestore/store_client.hpp"

namespace contract {

namespace {

std::string config_of(const std::string& path) {
  return R"({"path": ")" + path + R"("})";
}

void run_sql(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  const int opened = sqlite3_open(path.c_str(), &db);
  const int done = opened == SQLITE_OK ? sqlite3_exec(db, sql, nullptr, nullptr, nullptr) : opened;
  const std::string why = sqlite3_errmsg(db);
  sqlite3_close(db);
  require(done == SQLITE_OK, why);
}

// Why an instance on `path` does not start; "" when it does.
std::string start_error(const target& t, const std::string& path) {
  spawn::plugin::testing::fake_host host;
  spawn::plugin::testing::fake_instance instance(host, t.entry, config_of(path));
  require(instance.raw() != nullptr, instance.error());
  return instance.start() ? std::string() : "refused: " + instance.error();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void what_was_saved_is_there_after_a_restart(const target& t) {
  const temp_dir folder;
  const std::string config = config_of(folder.path("deep/er/store.db"));
  {
    store_client s(t, config, 1);
    s.expect(save("a/sys%2Ftem/parent/na%20me", 0, 0, ~std::uint64_t{0}, "bytes"), SPAWN_OK);
    s.verify_host();
  }
  store_client s(t, config, 1);
  require(s.one(load("a/sys%2Ftem/parent/na%20me")).record.payload == "bytes", "it is gone");
}

void columns_are_readable(const target& t) {
  const temp_dir folder;
  const std::string path = folder.path("store.db");
  {
    store_client s(t, config_of(path), 1);
    s.expect(save("a/sys%2Ftem/parent/na%20me", 0, 0, 7, "bytes"), SPAWN_OK);
    s.expect(save("m/00/x", 0, 0, 7, "row"), SPAWN_OK);
  }
  run_sql(path,
          "CREATE TABLE found AS SELECT * FROM record WHERE system = 'sys/tem' AND"
          " parent = 'parent' AND name = 'na me' AND revision = 1 AND payload = CAST('bytes' AS"
          " BLOB); CREATE TABLE exact (n CHECK (n = 1)); INSERT INTO exact SELECT count(*) FROM"
          " found; INSERT INTO exact SELECT count(*) FROM record WHERE system IS NULL");
}

void a_second_opener_is_refused(const target& t) {
  const temp_dir folder;
  const std::string path = folder.path("store.db");
  store_client s(t, config_of(path), 1);
  const std::string why = start_error(t, path);
  require(contains(why, path) && contains(why, "in use") && contains(why, ".lock"),
          "the second opener was told: " + why);
  s.expect(save("k", 0, 0, 7), SPAWN_OK);
}

void newer_and_foreign_files_are_refused(const target& t) {
  const temp_dir folder;
  const std::string newer = folder.path("newer.db");
  {
    store_client s(t, config_of(newer), 1);
    s.expect(save("k", 0, 0, 7), SPAWN_OK);
  }
  run_sql(newer, "INSERT INTO schema_version VALUES (2, 0)");
  std::string why = start_error(t, newer);
  require(contains(why, newer) && contains(why, "version 2"), "a newer schema: " + why);
  const std::string foreign = folder.path("foreign.db");
  run_sql(foreign, "CREATE TABLE mine (x)");
  why = start_error(t, foreign);
  require(contains(why, foreign) && contains(why, "something else"), "a foreign file: " + why);
  const std::string junk = folder.path("junk.db");
  std::ofstream(junk) << std::string(8192, 'j');
  why = start_error(t, junk);
  require(contains(why, junk), "junk: " + why);
  why = start_error(t, folder.path("junk.db/below/store.db"));
  require(contains(why, "refused"), "a path below a file: " + why);
}

// A disk of 2 MiB. The instance must be gone before the disk goes.
class small_disk {
 public:
  explicit small_disk(std::string at) : at_(std::move(at)) {
    if (::mount("spawn-test", at_.c_str(), "tmpfs", 0, "size=2m,mode=700") != 0) {
      throw skipped{std::string("mounting a small disk is not permitted here: ") +
                    std::strerror(errno)};
    }
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk() { ::umount2(at_.c_str(), MNT_DETACH); }

 private:
  std::string at_;
};

void a_full_disk_is_told_and_got_over(const target& t) {
  const temp_dir folder;
  const small_disk disk(folder.path());
  const std::string path = folder.path("store.db");
  store_client s(t, config_of(path), 1);
  s.expect(save("k", 0, 0, 7, "before"), SPAWN_OK);
  const std::string ballast = folder.path("ballast");
  {
    std::ofstream fill(ballast, std::ios::binary);
    const std::string block(4096, 'b');
    while (fill.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  std::vector<std::string> lost;
  for (int i = 0; i < 20; ++i) {
    const std::string key = "big/" + std::to_string(i);
    const answer a = s.one(save(key, 0, 0, 7, std::string(200'000, 'x')));
    require(a.status == SPAWN_E_UNAVAILABLE || a.status == SPAWN_E_UNKNOWN_OUTCOME,
            "a save on a full disk ended " + std::to_string(a.status));
    require(!a.error.empty(), "the error has no text");
    if (a.status == SPAWN_E_UNAVAILABLE) {
      lost.push_back(key);
    }
  }
  require(!s.host.health().empty() && !s.host.health().back().serving, "health says nothing");
  require(s.one(load("k")).record.payload == "before", "what was there can not be read");
  require(::unlink(ballast.c_str()) == 0, "unlink");
  s.expect(save("k", 1, 7, 7, "after"), SPAWN_OK);
  require(s.host.health().back().serving, "health does not recover");
  for (const std::string& key : lost) {
    s.expect(load(key), SPAWN_E_NOT_FOUND);  // UNAVAILABLE promised no effect
  }
  s.verify_host();
}

}  // namespace

std::vector<check> sqlite_disk_checks() {
  return {
      {"disk.what_was_saved_is_there_after_a_restart", what_was_saved_is_there_after_a_restart},
      {"disk.columns_are_readable", columns_are_readable},
      {"disk.a_second_opener_is_refused", a_second_opener_is_refused},
      {"disk.newer_and_foreign_files_are_refused", newer_and_foreign_files_are_refused},
      {"disk.a_full_disk_is_told_and_got_over", a_full_disk_is_told_and_got_over},
  };
}

}  // namespace contract
