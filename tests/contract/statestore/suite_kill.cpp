#include "contract/statestore/suite_kill.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <map>

#include "contract/statestore/store_client.hpp"

namespace contract {
namespace {

constexpr int kills = 4;
constexpr const char* pair_keys[] = {"pair/a", "pair/b"};  // always saved in one group

void needs_durability(const target& t) {
  needs(store_client(t), SPAWN_SS_CAP_DURABLE, "no CAP_DURABLE");
}

// This program as a writer, with what it prints; killed and reaped at the end.
class writer {
 public:
  explicit writer(std::string config) {
    std::array<int, 2> ends{};
    require(::pipe2(ends.data(), O_CLOEXEC) == 0, "no pipe");
    posix_spawn_file_actions_t files;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    std::string name = "writer", flag(writer_flag);
    std::array<char*, 4> argv{name.data(), flag.data(), config.data(), nullptr};
    const int failure =
        ::posix_spawn(&pid_, "/proc/self/exe", &files, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&files);
    ::close(ends[1]);
    lines_ = ::fdopen(ends[0], "r");
    require(failure == 0 && lines_ != nullptr, "can not run this program once more");
  }
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;
  ~writer() {
    kill();
    std::fclose(lines_);
    (void)::waitpid(pid_, nullptr, 0);
  }

  void kill() { ::kill(pid_, SIGKILL); }
  // The next key and revision that was acknowledged; false at the end of what it printed.
  bool next(std::string& key, std::uint64_t& revision) {
    std::array<char, 128> line{};
    char name[64];
    unsigned long long number = 0;
    if (std::fgets(line.data(), line.size(), lines_) == nullptr ||
        std::sscanf(line.data(), "%63s %llu", name, &number) != 2) {
      return false;
    }
    key = name;
    revision = number;
    return true;
  }

 private:
  pid_t pid_ = -1;
  FILE* lines_ = nullptr;
};

// Lets a process write, kills it after so many lines, and returns all it had printed.
std::map<std::string, std::uint64_t> write_and_kill(const std::string& config, int lines) {
  writer other(config);
  std::map<std::string, std::uint64_t> out;
  std::string key;
  std::uint64_t revision = 0;
  int seen = 0;
  while (other.next(key, revision)) {
    out[key] = revision;
    if (++seen == lines) {
      other.kill();  // and read on what it had printed before
    }
  }
  require(seen >= lines, "the writer ended by itself after " + std::to_string(seen) + " saves");
  return out;
}

void what_was_saved_is_there_after_a_restart(const target& t) {
  needs_durability(t);
  const std::string config = t.fresh_config();
  {
    store_client s(t, config, 1);
    s.expect(save("kept", 0, 0, ~std::uint64_t{0}, "bytes"), SPAWN_OK);
    s.expect(save("gone", 0, 0, 7), SPAWN_OK);
    s.expect(remove("gone", 1, 7, 8), SPAWN_OK);
    s.verify_host();
  }
  store_client s(t, config, 1);
  const answer kept = s.expect(load("kept"), SPAWN_OK);
  require(kept.record.payload == "bytes" && kept.record.writer == ~std::uint64_t{0},
          "the record is not what was saved");
  const answer gone = s.expect(load("gone"), SPAWN_E_NOT_FOUND);
  require(gone.record.revision == 2 && gone.record.writer == 8, "the tombstone is not there");
}

void every_acknowledged_save_survives_a_kill(const target& t) {
  needs_durability(t);
  const std::string config = t.fresh_config();
  for (int round = 0; round < kills; ++round) {
    const auto acknowledged = write_and_kill(config, 400 + 137 * round);
    require(acknowledged.size() > 10, "the writer wrote too little");
    store_client s(t, config, 1);
    for (const auto& [key, revision] : acknowledged) {
      const answer a = s.expect(load(key), SPAWN_OK);
      require(a.record.revision >= revision, key + " lost an acknowledged save");
      require(a.record.payload == "v" + std::to_string(a.record.revision), key + " is mixed up");
    }
  }
}

void a_group_is_whole_after_a_kill(const target& t) {
  needs_durability(t);
  const std::string config = t.fresh_config();
  for (int round = 0; round < kills; ++round) {
    (void)write_and_kill(config, 50 + 61 * round);
    store_client s(t, config, 1);
    const answer a = s.one(load(pair_keys[0])), b = s.one(load(pair_keys[1]));
    require_equal(a.record.revision, b.record.revision, "revisions of one group");
    require(a.record.revision != 0, "the writer saved no group");
  }
}

}  // namespace

int write_until_killed(const spawn_plugin_entry* entry, const std::string& config) {
  target t;
  t.entry = entry;
  store_client s(t, config, 1);
  std::map<std::string, std::uint64_t> at;
  const auto next = [&](const std::string& key) {
    if (!at.contains(key)) {
      at[key] = s.one(load(key)).record.revision;
    }
    request out = save(key, at[key], at[key] == 0 ? 0 : 7, 7, "v" + std::to_string(at[key] + 1));
    out.flags = SPAWN_SS_F_DURABLE;
    return out;
  };
  for (std::uint64_t i = 0;; ++i) {
    std::vector<request> batch;
    for (const char* key : pair_keys) {
      batch.push_back(in_group(next(key), 1));
    }
    for (std::uint64_t j = 0; j < 1 + i % 5; ++j) {
      batch.push_back(next("k" + std::to_string((i * 7 + j) % 97)));
    }
    const auto answers = s.run(batch);
    for (std::size_t j = 0; j < batch.size(); ++j) {
      if (answers[j].status != SPAWN_OK) {
        return 3;
      }
      at[batch[j].key] = batch[j].new_revision;
      std::printf("%s %llu\n", batch[j].key.c_str(),
                  static_cast<unsigned long long>(batch[j].new_revision));
    }
    if (std::fflush(stdout) != 0) {
      return 4;
    }
  }
}

std::vector<check> kill_checks() {
  return {
      {"durable.what_was_saved_is_there_after_a_restart", what_was_saved_is_there_after_a_restart,
       "a new instance finds what an older one acknowledged"},
      {"durable.every_acknowledged_save_survives_a_kill", every_acknowledged_save_survives_a_kill,
       "no save that was acknowledged is lost when the process is killed with SIGKILL"},
      {"durable.a_group_is_whole_after_a_kill", a_group_is_whole_after_a_kill,
       "an atomic group is there as a whole, or not at all, after a SIGKILL"},
  };
}

}  // namespace contract
