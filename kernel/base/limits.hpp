// Every bound of the kernel with its default. docs/limits.md lists them with their YAML keys; a
// test at limit and at limit + 1 belongs to each (D12).
#pragma once
#include <cstddef>
#include <cstdint>

namespace spawn::limits {

// --- names and keys (D25) ------------------------------------------------------------------
inline constexpr std::size_t name_bytes_max = 512;           // system, parent, actor name, action
inline constexpr std::size_t key_bytes_max = 1'024;          // a store key after encoding
inline constexpr std::size_t metadata_bytes_max = 64 << 10;  // all keys and values of a request
inline constexpr std::size_t metadata_entries_max = 128;

// --- bodies ----------------------------------------------------------------------------------
inline constexpr std::uint64_t body_bytes_max = 8'000'000;        // request (protocol.md 1.1)
inline constexpr std::uint64_t host_reply_bytes_max = 64u << 20;  // response of an actor host
inline constexpr std::size_t header_bytes_max = 16 << 10;

// --- queues ----------------------------------------------------------------------------------
inline constexpr std::uint32_t mailbox_messages_max = 1'000;     // per actor
inline constexpr std::uint32_t lane_requests_max = 16'384;       // cross-lane requests, per lane
inline constexpr std::uint32_t host_connections_max = 256;       // per lane and host address
inline constexpr std::uint32_t host_waiting_max = 4'096;         // calls waiting for a connection
inline constexpr std::uint32_t guard_queue_max = 1'000;          // calls waiting at a policy
inline constexpr std::uint32_t breaker_hosts_max = 1'024;        // with a circuit breaker
inline constexpr std::uint64_t inflight_bytes_max = 256u << 20;  // whole process (D7)
inline constexpr std::uint64_t active_actors_max = 4'000'000;    // whole process (D7)
inline constexpr std::uint32_t connections_max = 10'000;         // open client connections

// --- turns and groups --------------------------------------------------------------------------
inline constexpr std::uint32_t commands_per_turn_max = 1'024;  // what one workflow may emit
inline constexpr std::size_t flow_scratch_bytes_max = 256 << 10;
inline constexpr std::uint32_t hops_max = 64;               // pipe and forward (durability.md 21)
inline constexpr std::uint32_t save_turns_max = 256;        // turns coalesced into one save
inline constexpr std::uint64_t save_bytes_max = 1u << 20;   // bytes coalesced into one save
inline constexpr std::uint32_t group_ops_max = 1'024;       // ops in one submit to a store
inline constexpr std::uint32_t pool_parallel_default = 32;  // POOLED, max_pool_size <= 0 (D5)

// --- messages ------------------------------------------------------------------------------------
inline constexpr std::uint32_t row_attempts_max = 30;  // then a message is a dead letter
// Half of what stores keep a tombstone for.
inline constexpr std::uint64_t tombstone_renew_ms = 43'200'000;
inline constexpr std::uint32_t dead_letters_keep_s = 30 * 86'400;
inline constexpr std::uint32_t idempotency_keys_keep_s = 86'400;
inline constexpr std::size_t idempotency_key_bytes_max = 512;
inline constexpr std::size_t kept_response_bytes_max = 64 << 10;  // of a call with such a key
inline constexpr std::uint32_t reminders_max = 64;                // of one actor, set by calls
inline constexpr std::size_t reminder_payload_bytes_max = 64 << 10;
inline constexpr std::uint32_t save_rows_max = 512;     // rows gathered before a turn waits
inline constexpr std::uint32_t wakes_max = 256;         // receivers woken by a scan at a time
inline constexpr std::uint32_t fan_out_rows_max = 256;  // subscribers in one page of a broadcast
inline constexpr std::uint64_t fan_out_bytes_max = 1u << 20;  // of content in such a page
inline constexpr std::uint32_t fan_outs_max = 1'024;  // channels at work at a time, per lane

// --- time (milliseconds) ---------------------------------------------------------------------
inline constexpr std::uint64_t request_timeout_ms = 60'000;  // default deadline of a request
inline constexpr std::uint64_t request_timeout_ms_max = 3'600'000;
inline constexpr std::uint64_t deactivate_after_ms = 10'000;  // idle time before passivation
inline constexpr std::uint64_t deactivate_jitter_ms = 3'000;
inline constexpr std::uint64_t snapshot_every_ms = 2'000;
inline constexpr std::uint64_t client_read_ms = 15'000;   // slow client (protocol.md 1.1)
inline constexpr std::uint64_t client_idle_ms = 120'000;  // keep-alive between requests
inline constexpr std::uint64_t host_idle_ms = 1'000;      // keep-alive to a host
inline constexpr std::uint64_t host_connect_ms = 5'000;
inline constexpr std::uint64_t doubt_repeat_ms_max = 3'600'000;  // repeats of a doubtful save
inline constexpr std::uint64_t row_backoff_first_ms = 200;
inline constexpr std::uint64_t row_backoff_max_ms = 60'000;
inline constexpr std::uint64_t row_backoff_ms_limit = 600'000;   // the most that may be configured
inline constexpr std::uint64_t running_call_look_first_ms = 20;  // a repeat asks how it went
inline constexpr std::uint64_t running_call_look_max_ms = 1'000;
inline constexpr std::uint64_t row_scan_every_ms = 5'000;
inline constexpr std::uint64_t row_is_old_after_ms = 10'000;  // its hint is taken for lost
inline constexpr std::uint64_t relative_schedule_below_ms = 100'000'000'000;  // protocol.md 6.5

// --- bounds the configuration may change -------------------------------------------------------
// Set once by the composition root before any lane starts, only read afterwards. [any]
struct adjustable {
  std::uint32_t lane_requests = lane_requests_max;
  std::uint32_t metadata_bytes = metadata_bytes_max;
  std::uint32_t metadata_entries = metadata_entries_max;
  std::uint32_t commands_per_turn = commands_per_turn_max;
  std::uint32_t group_ops = group_ops_max;
};
inline adjustable in_force;

}  // namespace spawn::limits
