// A sink's op with memory of its own, and the host that waits for its end.
#pragma once
#include <string>
#include <vector>

#include "outgoing.hpp"
#include "spawn/plugin/testing/fake_host.hpp"

namespace rabbitmq {

struct sent_op {
  explicit sent_op(spawn::plugin::testing::fake_host& of, std::string id = {},
                   std::string body = "x", std::uint64_t deadline_ns = 0)
      : host(of), dedup_id(std::move(id)), payload(std::move(body)) {
    raw.op.struct_size = sizeof(raw);
    raw.op.deadline_ns = deadline_ns;
    raw.dedup_id = spawn::plugin::slice(dedup_id);
    raw.payload = spawn::plugin::slice(payload);
    host.expect(&raw.op);
  }
  sent_op(const sent_op&) = delete;
  sent_op& operator=(const sent_op&) = delete;
  ~sent_op() { spawn::plugin::release(raw.op.error); }

  [[nodiscard]] outgoing::op right() { return {spawn::plugin::host_ref(host.table()), &raw}; }
  [[nodiscard]] bool ended() { return host.ended(&raw.op); }
  [[nodiscard]] spawn_status status() const noexcept { return raw.op.status; }

  spawn::plugin::testing::fake_host& host;
  std::string dedup_id, payload;
  spawn_sink_message raw{};
};

}  // namespace rabbitmq
