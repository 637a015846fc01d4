// The kernel's side of a plugin operation: pinned memory and where its continuation runs.
#pragma once
#include <atomic>
#include <cstdint>
#include <deque>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.hpp"
#include "lane/lane.hpp"
#include "spawn/plugin/abi.h"

namespace spawn {

// Every spawn_op the kernel submits sits in one of these. Life: idle -> flying (arm) -> ended
// (plugin completed) -> idle again. Memory comes from an op_slab and is never returned to the
// allocator while the process lives, so a plugin that completes twice, or late, touches an op of
// the same type whose generation tells it apart, and is faulted (D34).
struct port_op : task {
  enum class phase : std::uint8_t { idle, flying, parked, ended };

  lane* home = nullptr;        // the continuation (task::run) is called there
  spawn_op* header = nullptr;  // the raw op, from arm() on
  std::atomic<phase> now{phase::idle};
  std::atomic<std::uint32_t> generation{0};
  // True: completion posts to `home`. False: the submitter looks at `now` right after submit and
  // parks the op if it has not ended yet (see take_inline); saves a queue hop for pure plugins.
  bool post_on_end = true;

  // Readies the raw header for a submit. The caller has filled the op-specific fields. [home]
  void arm(spawn_op& raw, std::uint32_t size, std::uint16_t code, std::uint64_t op_id,
           std::uint64_t deadline_ns) noexcept {
    const auto next = generation.load(std::memory_order_relaxed) + 1;
    generation.store(next, std::memory_order_relaxed);
    header = &raw;
    raw.struct_size = size;
    raw.code = code;
    raw.op_id = op_id;
    raw.deadline_ns = deadline_ns;
    raw.status = SPAWN_OK;
    raw.retry_after_ms = 0;
    raw.error = {};
    raw.host_private[0] = this;
    raw.host_private[1] = reinterpret_cast<void*>(static_cast<std::uintptr_t>(next));
    now.store(phase::flying, std::memory_order_release);
  }

  // For post_on_end == false: true when the plugin has completed already; otherwise the completion
  // will be posted to `home`. Call once, right after submit. [home]
  [[nodiscard]] bool take_inline() noexcept {
    phase seen = phase::flying;
    return !now.compare_exchange_strong(seen, phase::parked, std::memory_order_acq_rel);
  }

  // What spawn_host::complete does for one op. False: this op was not in flight (completed twice,
  // or a stale pointer): the caller faults the plugin and touches nothing. [any]
  [[nodiscard]] static bool end(spawn_op& raw) noexcept {
    auto* op = static_cast<port_op*>(raw.host_private[0]);
    if (op == nullptr) {
      return false;
    }
    const auto generation_then =
        static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(raw.host_private[1]));
    if (op->generation.load(std::memory_order_acquire) != generation_then) {
      return false;
    }
    phase seen = op->now.load(std::memory_order_acquire);
    do {
      if (seen != phase::flying && seen != phase::parked) {
        return false;
      }
    } while (!op->now.compare_exchange_weak(seen, phase::ended, std::memory_order_acq_rel));
    if (op->post_on_end || seen == phase::parked) {
      op->home->post(*op);
    }
    return true;
  }
};

// A concrete op with its kernel side. Op starts with a `spawn_op op` member.
template <class Op>
struct pinned : port_op {
  static_assert(std::is_trivially_copyable_v<Op>);
  Op raw{};

  void arm(std::uint16_t code, std::uint64_t op_id, std::uint64_t deadline_ns = 0) noexcept {
    port_op::arm(raw.op, sizeof(Op), code, op_id, deadline_ns);
  }
  // Forgets everything but identity and generation, ready to be filled again.
  void clear() noexcept { raw = Op{}; }
  [[nodiscard]] errc status() const noexcept { return static_cast<errc>(raw.op.status); }
};

// Type-stable memory for T: chunks are kept until the slab dies (with its lane). Not thread-safe.
template <class T>
class op_slab {
 public:
  op_slab() = default;
  op_slab(const op_slab&) = delete;
  op_slab& operator=(const op_slab&) = delete;
  ~op_slab() {
    for (T* chunk : chunks_) {
      delete[] chunk;
    }
  }
  [[nodiscard]] T* take() {
    if (free_.empty()) {
      T* chunk = new T[chunk_size];
      chunks_.push_back(chunk);
      for (std::size_t i = chunk_size; i-- > 0;) {
        free_.push_back(chunk + i);
      }
    }
    // The one that has rested longest: a plugin that completes an op late meets its old generation.
    T* out = free_.front();
    free_.pop_front();
    ++in_use_;
    return out;
  }
  void give_back(T* op) noexcept {
    op->now.store(port_op::phase::idle, std::memory_order_release);
    free_.push_back(op);
    --in_use_;
  }
  [[nodiscard]] std::size_t in_use() const noexcept { return in_use_; }

 private:
  static constexpr std::size_t chunk_size = 32;
  std::vector<T*> chunks_;
  std::deque<T*> free_;
  std::size_t in_use_ = 0;
};

// Text of a finished op's error, then releases it. "" when the plugin gave none.
[[nodiscard]] inline std::string take_error_text(spawn_op& raw) {
  std::string text(static_cast<const char*>(raw.error.ptr), raw.error.len);
  if (raw.error.release != nullptr) {
    raw.error.release(raw.error.ctx, raw.error.ptr, raw.error.len);
  }
  raw.error = {};
  return text;
}

inline void release(spawn_buf& buf) noexcept {
  if (buf.release != nullptr) {
    buf.release(buf.ctx, buf.ptr, buf.len);
  }
  buf = {};
}

[[nodiscard]] inline spawn_slice slice_of(std::string_view s) noexcept {
  return {s.data(), s.size()};
}
[[nodiscard]] inline std::string_view view_of(spawn_slice s) noexcept {
  return {static_cast<const char*>(s.ptr), s.len};
}
[[nodiscard]] inline std::string_view view_of(const spawn_buf& b) noexcept {
  return {static_cast<const char*>(b.ptr), b.len};
}

}  // namespace spawn
