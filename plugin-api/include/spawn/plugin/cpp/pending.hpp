// The right to end operations, as C++ values.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "spawn/plugin/cpp/bytes.hpp"
#include "spawn/plugin/cpp/host.hpp"

namespace spawn::plugin {

// Every concrete op begins with spawn_op, named `op`, except spawn_op itself.
template <class Op>
[[nodiscard]] spawn_op* header_of(Op* op) noexcept {
  if constexpr (std::is_same_v<Op, spawn_op>) {
    return op;
  } else {
    return &op->op;
  }
}

// True when the host's struct reaches to the end of Op, so that every field of it may be touched.
template <class Op>
[[nodiscard]] bool covers(const spawn_op* op) noexcept {
  return op->struct_size >= sizeof(Op);
}

inline void set_outcome(spawn_op* op, spawn_status status, std::string_view why = {},
                        std::uint32_t retry_after_ms = 0) {
  op->status = status;
  op->retry_after_ms = retry_after_ms;
  op->error = why.empty() ? spawn_buf{} : give(std::string(why));
}

// The right to end one op exactly once. Dropping it unanswered ends the op INTERNAL, so a lost code
// path shows as an error and never as a hang. Move-only; owns nothing but the right. [any]
template <class Op>
class pending {
 public:
  pending(host_ref host, Op* op) noexcept : host_(host), op_(op) {}
  pending(pending&& other) noexcept : host_(other.host_), op_(std::exchange(other.op_, nullptr)) {}
  pending& operator=(pending&& other) noexcept {
    if (this != &other) {
      drop();
      host_ = other.host_;
      op_ = std::exchange(other.op_, nullptr);
    }
    return *this;
  }
  pending(const pending&) = delete;
  pending& operator=(const pending&) = delete;
  ~pending() { drop(); }

  [[nodiscard]] Op* operator->() const noexcept { return op_; }
  [[nodiscard]] Op& operator*() const noexcept { return *op_; }
  [[nodiscard]] explicit operator bool() const noexcept { return op_ != nullptr; }

  // Afterwards the op is the host's again and this is empty. `retry_after_ms`: of what had no
  // effect and should rest a while, such as EXHAUSTED; 0 leaves the pause to the host.
  void end(spawn_status status, std::string_view why = {},
           std::uint32_t retry_after_ms = 0) noexcept {
    spawn_op* raw = header_of(std::exchange(op_, nullptr));
    set_outcome(raw, status, why, retry_after_ms);
    host_.complete({&raw, 1});
  }

 private:
  void drop() noexcept {
    if (op_ != nullptr) {
      end(SPAWN_E_INTERNAL, "the plugin dropped the operation");
    }
  }

  host_ref host_;
  Op* op_;
};

// The right to end a whole submit with one call. Each op starts as INTERNAL; the plugin sets what
// became of it, and the destructor ends all of them. For code that works a batch off in one go.
class op_batch {
 public:
  op_batch(host_ref host, spawn_op* const* ops, std::uint32_t n) noexcept
      : host_(host), ops_(ops, n) {
    for (spawn_op* op : ops_) {
      set_outcome(op, SPAWN_E_INTERNAL);
    }
  }
  op_batch(const op_batch&) = delete;
  op_batch& operator=(const op_batch&) = delete;
  ~op_batch() { host_.complete(ops_); }

  [[nodiscard]] std::span<spawn_op* const> ops() const noexcept { return ops_; }

 private:
  host_ref host_;
  std::span<spawn_op* const> ops_;
};

}  // namespace spawn::plugin
