#include "bus.hpp"

#include "spawn/plugin/subject.h"

using spawn::plugin::slice;
using spawn::plugin::text;

message::message(const spawn_tp_send& op) : subject(text(op.subject)) {
  for (const spawn_slice& part : std::span(op.payload, op.n_payload)) {
    payload.append(text(part));
  }
  for (const spawn_kv& kv : std::span(op.headers, op.n_headers)) {
    headers.emplace_back(text(kv.key), text(kv.value));
  }
  for (const auto& [key, value] : headers) {
    raw_headers.push_back({slice(key), slice(value)});
  }
}

namespace {

// The payload as bytes of the host's, which keep the whole message until they are released.
spawn_buf lend(std::shared_ptr<const message> m) {
  using held = std::shared_ptr<const message>;
  const std::string& payload = m->payload;
  auto owner = std::make_unique<held>(std::move(m));
  return {payload.data(), payload.size(),
          [](void* ctx, const void*, std::uint64_t) noexcept { delete static_cast<held*>(ctx); },
          owner.release()};
}

}  // namespace

bus& bus::of_this_process() {
  static bus one;
  return one;
}

// What there is credit for, oldest first.
void bus::pump(subscription& s) {
  const auto* to = s.host.find<spawn_host_transport>(SPAWN_HOST_TRANSPORT);
  while (s.credit != 0 && !s.held.empty()) {
    std::shared_ptr<const message> m = std::move(s.held.front());
    s.held.pop_front();
    --s.credit;
    spawn_tp_message out{};
    out.sub_id = s.id;
    out.subject = slice(m->subject);
    out.headers = m->raw_headers.data();
    out.n_headers = static_cast<std::uint32_t>(m->raw_headers.size());
    out.payload = lend(std::move(m));
    to->deliver(s.host.raw(), s.lane, &out, 1);
  }
}

void bus::subscribe(subscription s) {
  const std::lock_guard hold(mutex_);
  all_.push_back(std::move(s));
}

bool bus::unsubscribe(const void* owner, std::uint64_t id) {
  const std::lock_guard hold(mutex_);
  return std::erase_if(all_,
                       [&](const subscription& s) { return s.owner == owner && s.id == id; }) != 0;
}

void bus::grant(const void* owner, std::uint64_t id, std::uint32_t credit) {
  const std::lock_guard hold(mutex_);
  for (subscription& s : all_) {
    if (s.owner == owner && s.id == id) {
      s.credit += credit;
      pump(s);
    }
  }
}

void bus::publish(const std::string& on, const std::shared_ptr<const message>& m) {
  const std::lock_guard hold(mutex_);
  for (subscription& s : all_) {
    if (s.bus == on && spawn_subject_matches(slice(s.pattern), slice(m->subject)) != 0 &&
        s.held.size() < s.credit + s.held_max) {
      s.held.push_back(m);
      pump(s);
    }
  }
}

void bus::leave(const void* owner) {
  const std::lock_guard hold(mutex_);
  std::erase_if(all_, [&](const subscription& s) { return s.owner == owner; });
}
