// store_client: one instance of a statestore under test. Turns plain requests into pinned ops,
// submits them as one batch and takes the answers apart, releasing everything the plugin gave.
// Watches on the way: each op ends exactly once, none is touched after it ended. Thread: each lane
// may be used by one thread at a time.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "contract/common/check.hpp"
#include "spawn/plugin/statestore.h"
#include "spawn/plugin/testing/fake_instance.hpp"

namespace contract {

struct stored {
  std::string key;  // rows of pages only
  std::uint64_t revision = 0;
  std::uint64_t writer = 0;
  std::int64_t written_ms = 0;
  std::string type_url, meta;
  std::optional<std::string> payload;
  std::int64_t expires_ms = 0;  // listed heads only
  bool tombstone = false;
  bool operator==(const stored&) const = default;
};

struct request {
  std::uint16_t code = SPAWN_SS_LOAD;
  std::string key;  // LIST: from
  std::uint16_t flags = 0;
  std::uint64_t deadline_ns = 0;
  // writes
  std::uint64_t expect_revision = 0, expect_writer = 0, new_revision = 0, writer = 0, group = 0;
  std::uint32_t ttl_s = 0, keep_history = 0;
  std::uint64_t keep_history_ms = 0;
  std::int64_t written_ms = 0;  // SPAWN_SS_F_IMPORT
  std::string type_url = "t/x", meta = "m";
  std::optional<std::vector<std::string>> payload = std::vector<std::string>{"p"};  // scatter list
  // reads
  std::uint64_t at_revision = 0, from_revision = 0, to_revision = 0;
  std::string to, cursor;
  std::uint32_t limit = 0;
  bool with_payload = true, reverse = false;
};

struct answer {
  spawn_status status = SPAWN_E_INTERNAL;
  std::string error;
  std::uint64_t out_revision = 0, out_writer = 0;
  stored record;
  std::vector<stored> rows;
  std::string cursor;
};

// Requests as sentences.
request load(std::string key, std::uint64_t at = 0);
request save(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer,
             std::uint64_t writer, std::optional<std::string> payload = "p");
request remove(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer,
               std::uint64_t writer, std::uint16_t flags = 0);
request verify(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer);
request rewrite(std::string key, std::uint64_t revision, std::uint64_t writer,
                std::optional<std::string> payload, std::string meta);
request list(std::string from, std::string to, std::uint32_t limit = 0, bool reverse = false);
request history(std::string key, std::uint32_t limit = 0, bool reverse = false);
request import(std::string key, std::uint64_t expect_revision, std::uint64_t expect_writer,
               std::uint64_t revision, std::uint64_t writer, std::int64_t written_ms);
request prune(std::string key, std::uint32_t keep, std::uint64_t keep_ms = 0);
request in_group(request r, std::uint64_t group);

class store_client {
 public:
  // Starts an instance; throws failed when that does not work.
  explicit store_client(const target& t, std::uint32_t lanes = 1);
  store_client(const target& t, const std::string& config, std::uint32_t lanes);
  ~store_client();
  store_client(const store_client&) = delete;
  store_client& operator=(const store_client&) = delete;

  [[nodiscard]] std::vector<answer> run(const std::vector<request>& batch, std::uint32_t lane = 0);
  [[nodiscard]] answer one(const request& r) { return run({r}).front(); }
  // One request that must end with `status`.
  answer expect(const request& r, spawn_status status);

  // spawn.statestore.admin/1: whether it is there, and what one of its calls gave.
  [[nodiscard]] bool has_admin() const;
  std::string admin(void (*spawn_statestore_admin::*call)(spawn_instance*, spawn_ss_admin*),
                    spawn_status status);

  [[nodiscard]] std::uint64_t capabilities() const;
  // For the steps of its life, and its other interfaces.
  [[nodiscard]] spawn::plugin::testing::fake_instance& instance() noexcept { return *instance_; }
  // Throws failed for what went wrong on the way. Called by the destructor's owner at the end.
  void verify_host();

  spawn::plugin::testing::fake_host host;

 private:
  struct flying;
  void bury(std::vector<std::unique_ptr<flying>> ops);

  std::unique_ptr<spawn::plugin::testing::fake_instance> instance_;
  const spawn_statestore* table_ = nullptr;
  std::vector<spawn_ss_lane*> lanes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<flying>> graveyard_;  // ended ops, filled with a pattern
};

// Skips the check unless the store announces this.
void needs(const store_client& s, std::uint64_t capability, const char* why);

}  // namespace contract
