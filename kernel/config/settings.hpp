// The configuration as the kernel uses it: checked, complete, plain data. Every default is here or
// in base/limits.hpp; config/schema/spawn.schema.json repeats them for people and a test keeps the
// two equal.
// Life cycle: made once by load_file, then read only. Thread: [any] for reading.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "config/activator_settings.hpp"
#include "config/reminder_settings.hpp"
#include "config/resiliency_settings.hpp"
#include "trust/public_key.hpp"

namespace spawn::config {

// Where a plugin's configuration was written, for errors found against the plugin's own schema.
// Not part of what the configuration says: all are equal.
struct source_marks {
  struct mark {
    std::string pointer;  // JSON pointer within the plugin's config
    int line = 0;         // of the value
    int column = 0;
    int key_line = 0;  // of its key, if it is a member of a map
    int key_column = 0;
  };
  std::string file;
  std::string path;  // JSON pointer of the config in the file: "/statestores/main/config"
  std::vector<mark> marks;
  bool operator==(const source_marks&) const { return true; }
};

// Of an instance with `isolation: process`. Paths are absolute.
struct isolation_settings {
  std::uint64_t memory_mb = 2'048;
  std::uint64_t open_files = 1'024;
  std::uint64_t watchdog_ms = 5'000;
  std::uint64_t restart_min_ms = 100;
  std::uint64_t restart_max_ms = 10'000;
  std::optional<bool> network;  // none: by kind
  std::vector<std::string> read;
  std::vector<std::string> write;
  bool operator==(const isolation_settings&) const = default;
};

// One plugin instance, as {use, version, config, isolation, isolation_limits, sha256}.
struct plugin_use {
  std::string instance;            // its name: "main", "orders", "forward"
  std::string use;                 // plugin name without a range: "sqlite"
  std::string version;             // range text (base/semver.hpp), empty: any
  std::string config_json = "{}";  // canonical JSON; null where a value is in `secrets`
  // JSON pointer within the config -> what ${...} stood for. Never logged, never printed.
  std::vector<std::pair<std::string, std::string>> secrets;
  std::string sha256;                // lower-case hex, empty: not pinned
  std::string isolation = "inproc";  // or "process"
  isolation_settings isolation_limits;
  source_marks marks;
  bool operator==(const plugin_use&) const = default;
};

struct runtime_settings {
  std::uint32_t lanes = 0;  // 0: as many as there are CPUs to use
  bool pin = false;
  std::uint32_t lane_stall_ms = 5;
  bool operator==(const runtime_settings&) const = default;
};

struct http_settings {
  bool enabled = true;
  std::string address = "0.0.0.0";
  std::uint16_t port = 9001;
  bool operator==(const http_settings&) const = default;
};

struct uds_settings {
  bool enabled = false;
  std::string path = "/var/run/spawn.sock";
  bool operator==(const uds_settings&) const = default;
};

struct gateway_settings {
  http_settings http;
  uds_settings uds;
  std::vector<std::string> trusted;  // addresses and networks in CIDR notation, checked
  bool operator==(const gateway_settings&) const = default;
};

struct host_settings {
  std::string address = "127.0.0.1";  // never 0.0.0.0
  std::uint16_t port = 8090;
  std::uint32_t connections = limits::host_connections_max;  // per lane and address
  std::uint64_t idle_ms = limits::host_idle_ms;
  std::uint64_t connect_ms = limits::host_connect_ms;
  std::uint64_t retry_ms = 5'000;                        // while connections are refused
  std::optional<breaker_settings> circuit_breaker = {};  // of each host address
  bool operator==(const host_settings&) const = default;
};

// A further host: for the actor types named, or for one service. Exactly one of the two is set.
struct host_address {
  std::string name;
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<std::string> actors;
  std::string service;
  std::optional<breaker_settings> circuit_breaker = {};  // unset: as host.circuit_breaker
  bool operator==(const host_address&) const = default;
};

// What a plugin that was swapped in may be worse by.
struct probation_settings {
  std::uint32_t failures_percent = 5;
  std::uint32_t slower_factor = 4;
  std::uint64_t slower_ms = 20;
  std::uint64_t operations = 100;
  bool operator==(const probation_settings&) const = default;
};

struct plugin_settings {
  std::vector<std::string> path;  // absolute directories
  bool require_signed = false;
  std::vector<trust::public_key> trusted_keys;
  probation_settings probation;
  bool operator==(const plugin_settings&) const = default;
};

struct activator_use {
  plugin_use plugin;
  activator_rules rules;
  bool operator==(const activator_use&) const = default;
};

enum class durability_mode : std::uint8_t { commit, snapshot, none };
enum class conflict_rule : std::uint8_t { automatic, rerun, error };
enum class poison_rule : std::uint8_t { skip, block };

// How much history the store keeps: so many revisions, or those younger than an age. 0: none.
struct history_rule {
  std::uint32_t revisions = 0;
  std::uint64_t age_ms = 0;
  bool operator==(const history_rule&) const = default;
};

// What becomes of a stored message whose turn fails.
struct message_settings {
  std::uint32_t attempts = limits::row_attempts_max;
  std::uint64_t backoff_first_ms = limits::row_backoff_first_ms;
  std::uint64_t backoff_max_ms = limits::row_backoff_max_ms;
  std::uint32_t dead_letters_keep_s = limits::dead_letters_keep_s;
  std::uint32_t idempotency_keys_keep_s = limits::idempotency_keys_keep_s;
  bool operator==(const message_settings&) const = default;
};

struct durability_settings {
  durability_mode mode = durability_mode::commit;
  bool allow_volatile = false;
  history_rule history;
  message_settings messages;
  bool operator==(const durability_settings&) const = default;
};

using key_bytes = std::array<std::uint8_t, 32>;

struct encryption_settings {
  std::optional<key_bytes> key;  // seals
  std::vector<key_bytes> keys;   // older ones, that open
  bool required = false;
  bool operator==(const encryption_settings&) const = default;
};

// Unset members: as the general setting.
struct actor_rule {
  std::string type;
  std::optional<durability_mode> durability;
  std::string statestore;  // empty: the default store
  bool keep_tags = false;
  bool speculative = true;
  conflict_rule on_conflict = conflict_rule::automatic;
  poison_rule on_poison = poison_rule::skip;
  std::optional<std::uint32_t> mailbox;
  std::optional<std::uint64_t> timeout_ms;
  std::optional<history_rule> history;
  std::optional<policy_choice> resiliency;
  std::vector<std::pair<std::string, policy_choice>> actions;  // in place of the type's
  std::vector<reminder_settings> reminders;
  bool operator==(const actor_rule&) const = default;
};

struct limit_settings {
  std::uint64_t inflight_bytes = limits::inflight_bytes_max;
  std::uint64_t active_actors = limits::active_actors_max;
  std::uint32_t connections = limits::connections_max;
  std::uint32_t mailbox = limits::mailbox_messages_max;
  std::uint32_t lane_requests = limits::lane_requests_max;
  std::uint32_t host_waiting = limits::host_waiting_max;
  std::uint64_t body_bytes = limits::body_bytes_max;
  std::uint32_t header_bytes = limits::header_bytes_max;
  std::uint64_t host_reply_bytes = limits::host_reply_bytes_max;
  std::uint32_t metadata_bytes = limits::metadata_bytes_max;
  std::uint32_t metadata_entries = limits::metadata_entries_max;
  std::uint32_t commands_per_turn = limits::commands_per_turn_max;
  std::uint32_t hops = limits::hops_max;
  std::uint32_t save_turns = limits::save_turns_max;
  std::uint64_t save_bytes = limits::save_bytes_max;
  std::uint32_t group_ops = limits::group_ops_max;
  std::uint32_t pool_parallel = limits::pool_parallel_default;
  bool operator==(const limit_settings&) const = default;
};

struct timeout_settings {
  std::uint64_t request_ms = limits::request_timeout_ms;
  std::uint64_t request_max_ms = limits::request_timeout_ms_max;
  std::uint64_t deactivate_ms = limits::deactivate_after_ms;
  std::uint64_t deactivate_jitter_ms = limits::deactivate_jitter_ms;
  std::uint64_t snapshot_ms = limits::snapshot_every_ms;
  std::uint64_t client_read_ms = limits::client_read_ms;
  std::uint64_t client_idle_ms = limits::client_idle_ms;
  std::uint64_t doubt_ms = limits::doubt_repeat_ms_max;
  std::uint64_t drain_ms = 30'000;
  bool operator==(const timeout_settings&) const = default;
};

struct telemetry_settings {
  log::level log_level = log::level::info;
  log::format log_format = log::format::automatic;
  bool metrics = true;
  bool operator==(const telemetry_settings&) const = default;
};

struct admin_settings {
  std::string address;  // Unix socket; empty: choose_admin_socket() decides
  std::string tcp_address = "127.0.0.1";
  std::uint16_t tcp_port = 0;  // 0: no TCP
  std::string tcp_token;
  bool operator==(const admin_settings&) const = default;
};

struct settings {
  std::string system = "spawn-system";
  runtime_settings runtime;
  gateway_settings gateway;
  host_settings host;
  std::vector<host_address> hosts;
  plugin_settings plugins;
  std::vector<plugin_use> statestores;  // never empty; the first is the default
  plugin_use transport;
  std::vector<plugin_use> workflows;
  std::vector<plugin_use> native_actors;
  std::vector<activator_use> activators;
  std::vector<sink_use> sinks;
  durability_settings durability;
  encryption_settings encryption;
  std::vector<std::pair<std::string, policy_settings>> resiliency;  // by name
  std::vector<actor_rule> actors;
  bool timers_enabled = true;
  bool cross_system = false;  // calls to and from other systems, over the transport
  limit_settings limits;
  timeout_settings timeouts;
  telemetry_settings telemetry;
  admin_settings admin;
  bool operator==(const settings&) const = default;

  // The rule for an actor type, or nullptr.
  [[nodiscard]] const actor_rule* rule_for(std::string_view type) const;
};

}  // namespace spawn::config
