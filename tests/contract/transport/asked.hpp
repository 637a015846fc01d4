// A request op and everything it points at, from submit to its answer.
#pragma once
#include <string>
#include <vector>

#include "contract/transport/bus_client.hpp"

namespace contract {

struct bus_client::flying {
  std::string subject, payload;
  headers with;
  std::vector<spawn_kv> kv;
  spawn_slice part{};
  spawn_tp_send raw{};

  flying() = default;
  flying(const flying&) = delete;
  flying& operator=(const flying&) = delete;
  // What nobody took.
  ~flying() {
    spawn::plugin::release(raw.op.error);
    spawn::plugin::release(raw.out_reply);
  }

  void fill(std::uint16_t code) {
    for (const auto& [key, value] : with) {
      kv.push_back({spawn::plugin::slice(key), spawn::plugin::slice(value)});
    }
    part = spawn::plugin::slice(payload);
    raw.op.struct_size = sizeof(raw);
    raw.op.code = code;
    raw.subject = spawn::plugin::slice(subject);
    raw.headers = kv.data();
    raw.n_headers = static_cast<std::uint32_t>(kv.size());
    raw.payload = &part;
    raw.n_payload = 1;
  }

  send_result take() {
    send_result out;
    out.status = raw.op.status;
    out.error = spawn::plugin::text(raw.op.error);
    spawn::plugin::release(raw.op.error);
    out.reply = spawn::plugin::text(raw.out_reply);
    for (std::uint32_t i = 0; i < raw.n_out_headers; ++i) {
      out.reply_headers.emplace_back(spawn::plugin::text(raw.out_headers[i].key),
                                     spawn::plugin::text(raw.out_headers[i].value));
    }
    spawn::plugin::release(raw.out_reply);
    return out;
  }
};

class bus_client::asked {
 public:
  asked(bus_client& from, std::unique_ptr<flying> op) : from_(from), op_(std::move(op)) {}
  [[nodiscard]] bool ended() { return from_.host_.ended(&op_->raw.op); }
  send_result result() {
    if (!from_.host_.wait(&op_->raw.op)) {
      (void)op_.release();  // the plugin may still write into it
      throw failed{"a request did not end within 30 s"};
    }
    return op_->take();
  }

 private:
  bus_client& from_;
  std::unique_ptr<flying> op_;
};

}  // namespace contract
