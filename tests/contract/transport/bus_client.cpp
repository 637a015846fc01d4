#include "contract/transport/bus_client.hpp"

#include <span>
#include <thread>

#include "contract/transport/asked.hpp"

namespace contract {

using spawn::plugin::slice;
using spawn::plugin::text;

bus_client::bus_client(const target& t, const std::string& config, std::uint32_t lanes,
                       bool linked) {
  host_.owner = this;
  services_.struct_size = sizeof(services_);
  services_.deliver = [](const spawn_host* h, std::uint32_t, const spawn_tp_message* m,
                         std::uint32_t n) noexcept {
    auto* host = static_cast<spawn::plugin::testing::fake_host*>(h->host_data);
    for (const spawn_tp_message& one : std::span(m, n)) {
      static_cast<listening_host*>(host)->owner->deliver(one);
    }
  };
  services_.link_state = [](const spawn_host* h, std::uint32_t up) noexcept {
    auto* host = static_cast<spawn::plugin::testing::fake_host*>(h->host_data);
    bus_client& self = *static_cast<listening_host*>(host)->owner;
    const std::lock_guard hold(self.mutex_);
    self.link_up_ = up != 0;
    self.arrived_.notify_all();
  };
  host_.offer_interface(SPAWN_HOST_TRANSPORT, &services_);
  instance_ =
      std::make_unique<spawn::plugin::testing::fake_instance>(host_, t.entry, config, lanes);
  require(instance_->raw() != nullptr, "create: " + instance_->error());
  require(instance_->start(), "start: " + instance_->error());
  table_ = instance_->interface<spawn_transport>(SPAWN_TRANSPORT);
  require(table_ != nullptr, "no " SPAWN_TRANSPORT);
  for (std::uint32_t i = 0; i < lanes; ++i) {
    spawn_tp_lane* lane = nullptr;
    require_equal(table_->lane_open(instance_->raw(), i, &lane), int{SPAWN_OK}, "lane_open");
    lanes_.push_back(lane);
  }
  if (linked) {
    wait_link(true);
  }
}

bus_client::~bus_client() {
  for (spawn_tp_lane* lane : lanes_) {
    table_->lane_close(lane);
  }
  instance_.reset();
}

void bus_client::deliver(const spawn_tp_message& m) {
  delivery d{m.sub_id,
             std::string(text(m.subject)),
             std::string(text(m.reply_to)),
             std::string(text(m.payload)),
             {}};
  for (const spawn_kv& kv : std::span(m.headers, m.n_headers)) {
    d.with.emplace_back(text(kv.key), text(kv.value));
  }
  spawn_buf payload = m.payload;
  spawn::plugin::release(payload);
  const std::lock_guard hold(mutex_);
  if (credit_[m.sub_id] == 0) {
    host_.violation("a delivery beyond the credit");
  } else {
    --credit_[m.sub_id];
  }
  inbox_.push_back(std::move(d));
  arrived_.notify_all();
}

send_result bus_client::send(std::uint16_t code, const std::string& subject,
                             const std::string& payload, headers with) {
  auto op = std::make_unique<flying>();
  op->subject = subject;
  op->payload = payload;
  op->with = std::move(with);
  op->fill(code);
  host_.expect(&op->raw.op);
  spawn_op* raw = &op->raw.op;
  table_->submit(lanes_[0], &raw, 1);
  return asked(*this, std::move(op)).result();
}

send_result bus_client::publish(const std::string& subject, const std::string& payload,
                                headers with) {
  return send(SPAWN_TP_PUBLISH, subject, payload, std::move(with));
}

send_result bus_client::reply(const std::string& reply_to, const std::string& payload,
                              headers with) {
  return send(SPAWN_TP_REPLY, reply_to, payload, std::move(with));
}

std::unique_ptr<bus_client::asked> bus_client::request(const std::string& subject,
                                                       const std::string& payload,
                                                       std::uint64_t deadline_ns) {
  auto op = std::make_unique<flying>();
  op->subject = subject;
  op->payload = payload;
  op->fill(SPAWN_TP_REQUEST);
  op->raw.op.deadline_ns = deadline_ns;
  host_.expect(&op->raw.op);
  spawn_op* raw = &op->raw.op;
  table_->submit(lanes_[0], &raw, 1);
  return std::make_unique<asked>(*this, std::move(op));
}

spawn_status bus_client::subscribe(std::uint64_t id, const std::string& pattern,
                                   const std::string& group, std::uint32_t credit,
                                   std::uint32_t lane) {
  {
    const std::lock_guard hold(mutex_);
    credit_[id] += credit;
  }
  spawn_tp_sub op{};
  op.op.struct_size = sizeof(op);
  op.op.code = SPAWN_TP_SUBSCRIBE;
  op.pattern = slice(pattern);
  op.queue_group = slice(group);
  op.sub_id = id;
  op.initial_credit = credit;
  host_.expect(&op.op);
  spawn_op* raw = &op.op;
  table_->submit(lanes_[lane], &raw, 1);
  require(host_.wait(raw), "subscribe did not end");
  spawn::plugin::release(op.op.error);
  return op.op.status;
}

spawn_status bus_client::unsubscribe(std::uint64_t id) {
  spawn_tp_sub op{};
  op.op.struct_size = sizeof(op);
  op.op.code = SPAWN_TP_UNSUBSCRIBE;
  op.sub_id = id;
  host_.expect(&op.op);
  spawn_op* raw = &op.op;
  table_->submit(lanes_[0], &raw, 1);
  require(host_.wait(raw), "unsubscribe did not end");
  spawn::plugin::release(op.op.error);
  return op.op.status;
}

void bus_client::grant(std::uint64_t id, std::uint32_t credit) {
  {
    const std::lock_guard hold(mutex_);
    credit_[id] += credit;
  }
  table_->grant(lanes_[0], id, credit);
}

std::vector<delivery> bus_client::take(std::size_t n) {
  std::unique_lock hold(mutex_);
  const bool enough =
      arrived_.wait_for(hold, std::chrono::seconds(10), [&] { return inbox_.size() >= n; });
  require(enough,
          "expected " + std::to_string(n) + " messages, got " + std::to_string(inbox_.size()));
  return std::exchange(inbox_, {});
}

std::size_t bus_client::inbox_size() {
  const std::lock_guard hold(mutex_);
  return inbox_.size();
}

spawn_status bus_client::raw_op(std::uint16_t code) {
  return send(code, "a.b", "", {}).status;
}

void bus_client::wait_link(bool up) {
  std::unique_lock hold(mutex_);
  require(arrived_.wait_for(hold, std::chrono::seconds(20), [&] { return link_up_ == up; }),
          up ? "the link does not come up" : "the link does not go down");
}

void bus_client::wait_not_serving() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (;;) {
    const auto told = host_.health();
    if (!told.empty() && !told.back().serving) {
      return require(!told.back().why.empty(), "health without a reason");
    }
    require(std::chrono::steady_clock::now() < end, "nobody said that it is not served");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void bus_client::verify_host() {
  const auto breaches = host_.violations();
  require(breaches.empty(), breaches.empty() ? std::string_view() : breaches.front());
}

}  // namespace contract
