// fake_bus_host, fake_bus_lane: what unit tests of a transport need beside fake_host: a host that
// collects what is delivered and counts credit, and a lane with ops as calls. Life: as fake_host;
// the lane ends before the instance. Thread: the test's; a plugin may deliver on any.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spawn/plugin/testing/fake_host.hpp"
#include "spawn/plugin/transport.h"

namespace spawn::plugin::testing {

class fake_bus_host : public fake_host {
 public:
  struct delivery {
    std::uint64_t sub_id;
    std::string subject, payload;
    std::map<std::string, std::string> headers;
  };

  fake_bus_host() {
    services_.struct_size = sizeof(services_);
    services_.deliver = [](const spawn_host* h, std::uint32_t, const spawn_tp_message* m,
                           std::uint32_t n) noexcept {
      for (const spawn_tp_message& one : std::span(m, n)) {
        of(h).take(one);
      }
    };
    services_.link_state = [](const spawn_host* h, std::uint32_t up) noexcept {
      const std::lock_guard hold(of(h).heard_mutex_);
      of(h).link_up_ = up != 0;
    };
    offer_interface(SPAWN_HOST_TRANSPORT, &services_);
  }

  // So far, in the order it came.
  [[nodiscard]] std::vector<delivery> heard() {
    const std::lock_guard hold(heard_mutex_);
    return heard_;
  }
  [[nodiscard]] bool link_up() {
    const std::lock_guard hold(heard_mutex_);
    return link_up_;
  }
  // A delivery without credit is a violation.
  void credit(std::uint64_t sub_id, std::uint64_t more) {
    const std::lock_guard hold(heard_mutex_);
    credit_[sub_id] += more;
  }

 private:
  static fake_bus_host& of(const spawn_host* h) noexcept {
    return static_cast<fake_bus_host&>(*static_cast<fake_host*>(h->host_data));
  }

  void take(const spawn_tp_message& m) {
    delivery d{m.sub_id, std::string(text(m.subject)), std::string(text(m.payload)), {}};
    for (const spawn_kv& kv : std::span(m.headers, m.n_headers)) {
      d.headers[std::string(text(kv.key))] = text(kv.value);
    }
    spawn_buf payload = m.payload;
    release(payload);
    const std::lock_guard hold(heard_mutex_);
    if (credit_[d.sub_id] == 0) {
      violation("a delivery beyond the credit");
    } else {
      --credit_[d.sub_id];
    }
    heard_.push_back(std::move(d));
  }

  spawn_host_transport services_{};
  std::mutex heard_mutex_;
  std::vector<delivery> heard_;
  std::map<std::uint64_t, std::uint64_t> credit_;
  bool link_up_ = false;
};

// Lane 0 of an instance. Each call waits for the end of its op.
class fake_bus_lane {
 public:
  fake_bus_lane(fake_bus_host& host, spawn_instance* instance, const spawn_transport* table)
      : host_(host), table_(table) {
    if (table->lane_open(instance, 0, &lane_) != SPAWN_OK) {
      host.violation("a lane does not open");
    }
  }
  fake_bus_lane(const fake_bus_lane&) = delete;
  fake_bus_lane& operator=(const fake_bus_lane&) = delete;
  ~fake_bus_lane() { table_->lane_close(lane_); }

  spawn_status publish(std::string_view subject, std::string_view payload,
                       std::span<const spawn_kv> headers = {}) {
    const spawn_slice part = slice(payload);
    spawn_tp_send op{};
    op.op.struct_size = sizeof(op);
    op.op.code = SPAWN_TP_PUBLISH;
    op.subject = slice(subject);
    op.headers = headers.data();
    op.n_headers = static_cast<std::uint32_t>(headers.size());
    op.payload = &part;
    op.n_payload = 1;
    return submit(op.op);
  }
  spawn_status subscribe(std::uint64_t sub_id, std::string_view pattern, std::uint32_t credit) {
    host_.credit(sub_id, credit);
    return subscription(SPAWN_TP_SUBSCRIBE, sub_id, pattern, credit);
  }
  spawn_status unsubscribe(std::uint64_t sub_id) {
    return subscription(SPAWN_TP_UNSUBSCRIBE, sub_id, {}, 0);
  }
  void grant(std::uint64_t sub_id, std::uint32_t credit) {
    host_.credit(sub_id, credit);
    table_->grant(lane_, sub_id, credit);
  }

 private:
  spawn_status subscription(std::uint16_t code, std::uint64_t sub_id, std::string_view pattern,
                            std::uint32_t credit) {
    spawn_tp_sub op{};
    op.op.struct_size = sizeof(op);
    op.op.code = code;
    op.sub_id = sub_id;
    op.pattern = slice(pattern);
    op.initial_credit = credit;
    return submit(op.op);
  }
  spawn_status submit(spawn_op& op) {
    spawn_op* raw = &op;
    host_.expect(raw);
    table_->submit(lane_, &raw, 1);
    if (!host_.wait(raw)) {
      host_.violation("an op did not end");
      std::abort();  // it lives on a stack: the plugin may still write to it
    }
    release(op.error);
    return op.status;
  }

  fake_bus_host& host_;
  const spawn_transport* table_;
  spawn_tp_lane* lane_ = nullptr;
};

}  // namespace spawn::plugin::testing
