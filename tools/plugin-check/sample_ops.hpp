// sample_ops: valid ops of a kind, for the tests that hold for all kinds. Thread: the lane's.
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "arena.hpp"
#include "instance.hpp"
#include "lanes.hpp"

namespace spawn::check {

class sample_ops {
 public:
  sample_ops() = default;
  sample_ops(const sample_ops&) = delete;
  sample_ops& operator=(const sample_ops&) = delete;
  virtual ~sample_ops() = default;

  [[nodiscard]] virtual std::uint32_t op_bytes() const = 0;
  // Writes valid op number n into zeroed memory of op_bytes; what it points at goes to the arena.
  // No two numbers touch the same thing.
  virtual void fill(void* op, std::uint64_t n, arena& bytes) = 0;
  virtual void submit(void* lane, std::uint32_t number, spawn_op* const* ops, std::uint32_t n) = 0;
  // Releases what an ended op brought back, and returns a sum over its bytes, so that they are
  // read.
  virtual std::uint64_t release(spawn_op* op) = 0;
  // Makes a filled op one that the plugin can not know.
  virtual void make_unknown(void* op, arena& bytes) = 0;
  // Whether there are such: an op of a kind that has one sort only is refused for what is in it.
  [[nodiscard]] virtual bool has_codes() const { return true; }
  // Whether this is a good end of op n.
  [[nodiscard]] virtual bool good_end(spawn_status s) const { return s == SPAWN_OK; }
  // False where the kind has no cancel.
  virtual bool cancel(void* lane, spawn_op* op) {
    (void)lane, (void)op;
    return false;
  }
};

// Throws contract::skipped for a kind without ops.
[[nodiscard]] std::unique_ptr<sample_ops> sample_ops_of(subject& s, const instance& on);

// Adds up the bytes of a buffer and releases it.
[[nodiscard]] std::uint64_t spent(spawn_buf buffer);

}  // namespace spawn::check
