#include "contract/transport/kv_client.hpp"

#include <span>
#include <utility>

namespace contract {

using spawn::plugin::release;
using spawn::plugin::slice;
using spawn::plugin::text;

kv_client::kv_client(const target& t, const std::string& config)
    : bus_(t, config), table_(bus_.interface<spawn_transport_kv>(SPAWN_TRANSPORT_KV)) {
  if (table_ == nullptr) {
    throw skipped{"no " SPAWN_TRANSPORT_KV};
  }
  listen(true);
}

kv_client::~kv_client() {
  listen(false);
}

void kv_client::heard(void* self, const spawn_kv_event* e, std::uint32_t n) noexcept {
  kv_client& client = *static_cast<kv_client*>(self);
  client.overlapped_ = client.overlapped_ || client.inside_.exchange(true);
  const std::lock_guard hold(client.mutex_);
  for (const spawn_kv_event& one : std::span(e, n)) {
    client.events_.push_back({one.watch_id, one.revision, one.deleted != 0,
                              std::string(text(one.key)), std::string(text(one.value))});
    spawn_buf key = one.key, value = one.value;
    release(key);
    release(value);
  }
  client.arrived_.notify_all();
  client.inside_ = false;
}

void kv_client::listen(bool on) {
  table_->set_sink(bus_.lane(), on ? heard : nullptr, on ? this : nullptr);
}

void kv_client::verify() {
  require(!overlapped_, "two calls of on_event for one lane at the same time");
  bus_.verify_host();
}

kv_result kv_client::run(const request& r) {
  auto op = std::make_unique<spawn_kv_op>();
  op->op.struct_size = sizeof(*op);
  op->op.code = r.code;
  op->bucket = slice(r.bucket);
  op->key = slice(r.key);
  op->value = slice(r.value);
  op->expect_revision = r.expect;
  op->watch_id = r.watch_id;
  op->lease_ms = r.lease_ms;
  spawn_op* raw = &op->op;
  bus_.host().expect(raw);
  table_->submit(bus_.lane(), &raw, 1);
  if (!bus_.host().wait(raw)) {
    (void)op.release();  // the plugin may still write into it
    throw failed{"a kv op did not end within 30 s"};
  }
  kv_result out{op->op.status, op->out_revision, std::string(text(op->out_value)),
                std::string(text(op->op.error))};
  release(op->out_value);
  release(op->op.error);
  return out;
}

kv_result kv_client::get(const std::string& key, const std::string& bucket) {
  return run({SPAWN_KV_GET, bucket, key, {}});
}

kv_result kv_client::put(const std::string& key, const std::string& value, std::uint64_t expect,
                         std::uint32_t lease_ms) {
  return run({SPAWN_KV_PUT, "members", key, value, expect, 0, lease_ms});
}

kv_result kv_client::erase(const std::string& key, std::uint64_t expect) {
  return run({SPAWN_KV_DELETE, "members", key, {}, expect});
}

kv_result kv_client::keep_alive(const std::string& key, std::uint64_t expect,
                                std::uint32_t lease_ms) {
  return run({SPAWN_KV_KEEPALIVE, "members", key, {}, expect, 0, lease_ms});
}

kv_result kv_client::watch(std::uint64_t id, const std::string& key) {
  return run({SPAWN_KV_WATCH, "members", key, {}, any_revision, id});
}

kv_result kv_client::unwatch(std::uint64_t id) {
  return run({SPAWN_KV_UNWATCH, "members", {}, {}, any_revision, id});
}

std::vector<kv_event> kv_client::events(std::size_t n) {
  std::unique_lock hold(mutex_);
  require(arrived_.wait_for(hold, std::chrono::seconds(20), [&] { return events_.size() >= n; }),
          "expected " + std::to_string(n) + " events, got " + std::to_string(events_.size()));
  return std::exchange(events_, {});
}

std::size_t kv_client::untaken() {
  const std::lock_guard hold(mutex_);
  return events_.size();
}

}  // namespace contract
