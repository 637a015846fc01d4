#include "bus.hpp"

#include <algorithm>
#include <utility>

#include "headers.hpp"
#include "lent_message.hpp"
#include "subject-common/subject.hpp"

namespace nats_transport {

using nats_common::answer;
using nats_common::fate;
using nats_common::message_ptr;
using nats_common::outgoing;
using spawn::plugin::level;
using spawn::plugin::pending;
using spawn::plugin::slice;
using spawn::plugin::text;

namespace {

constexpr std::size_t answered_max = 4'096;
constexpr int status_no_responders = 503;
constexpr std::uint64_t subscribe_ns = 5'000'000'000;
constexpr std::uint64_t ending_ns = 5'000'000'000;
constexpr std::uint32_t ending_look_ms = 2;

std::string whole(const spawn_tp_send& op) {
  std::string out;
  for (std::uint32_t i = 0; i < op.n_payload; ++i) {
    out.append(text(op.payload[i]));
  }
  return out;
}

template <class Op>
void end_unsent(pending<Op> op, spawn_status status) {
  switch (status) {
    case SPAWN_E_TOO_LARGE:
      return op.end(status, "the message is larger than the server takes");
    case SPAWN_E_INVALID:
      return op.end(status, "not a subject of NATS");
    case SPAWN_E_UNKNOWN_OUTCOME:
      return op.end(status, "the connection to NATS was lost");
    default:
      return op.end(SPAWN_E_UNAVAILABLE, "there is no connection to NATS");
  }
}

}  // namespace

bus::bus(spawn::plugin::host_ref host, bus_settings settings)
    : session(host, settings.connection),
      settings_(std::move(settings)),
      to_host_(host.find<spawn_host_transport>(SPAWN_HOST_TRANSPORT)),
      kv_(*this, settings_.kv),
      watches_(*this, kv_, lanes_) {
  if (to_host_ == nullptr) {
    throw spawn::plugin::refused(SPAWN_E_UNSUPPORTED, "the host has no " SPAWN_HOST_TRANSPORT);
  }
}

std::string bus::at_server(std::string_view subject) const {
  return settings_.prefix.empty() ? std::string(subject)
                                  : settings_.prefix + "." + std::string(subject);
}

// --- the session

void bus::connected() {
  for (auto& [id, s] : subscriptions_) {
    if (!s.ending) {
      listen(s);
    }
  }
  // The link is up when the server has taken all of them.
  confirm(host().now_ns() + subscribe_ns, [this](answer a) {
    if (a.how == fate::answered) {
      serving(true);
      link(true);
    }
  });
  watches_.connected();
}

void bus::disconnected() {
  by_server_id_.clear();
  for (auto& [id, s] : subscriptions_) {
    s.at_server = 0;
    s.is_empty = true;
  }
  link(false);
  kv_.disconnected();
  watches_.disconnected();
}

void bus::link(bool is_up) {
  if (!link_told_ || link_up_ != is_up) {
    link_told_ = true;
    link_up_ = is_up;
    to_host_->link_state(host().raw(), is_up ? 1 : 0);
  }
}

void bus::received(std::uint64_t subscription, message_ptr m) {
  if (const auto at = by_server_id_.find(subscription); at != by_server_id_.end()) {
    hold(subscriptions_.at(at->second), std::move(m));
  } else {
    watches_.received(subscription, std::move(m));
  }
}

std::uint32_t bus::patience_ms() const {
  if (endings_ != 0) {
    return ending_look_ms;
  }
  return watches_.waits_for_time() ? busy_ms : idle_ms;
}

void bus::work() {
  for (lane_order& one : orders_.take()) {
    if (auto* to_send = std::get_if<send_order>(&one)) {
      send(std::move(to_send->op));
    } else if (auto* sub = std::get_if<sub_order>(&one)) {
      sub->op->op.code == SPAWN_TP_SUBSCRIBE ? subscribe_for(sub->lane, std::move(sub->op))
                                             : unsubscribe_for(std::move(sub->op));
    } else if (const auto* more = std::get_if<grant_order>(&one)) {
      if (const auto at = subscriptions_.find(more->sub_id); at != subscriptions_.end()) {
        at->second.credit += more->credit;
        pump(at->second);
      }
    } else if (auto* kv = std::get_if<kv_order>(&one)) {
      const std::uint16_t code = kv->op->op.code;
      code == SPAWN_KV_WATCH || code == SPAWN_KV_UNWATCH
          ? watches_.submit(kv->lane, std::move(kv->op))
          : kv_.submit(std::move(kv->op));
    }
  }
  look_at_endings();
  watches_.tick();
}

void bus::quiesced() {
  quiet_ = true;
  for (auto& [id, s] : subscriptions_) {
    unsubscribe(s.at_server);
    if (s.ending) {
      s.ending->end(SPAWN_OK);
    }
  }
  endings_ = 0;
  subscriptions_.clear();
  by_server_id_.clear();
}

void bus::ended() {
  watches_.clear();
  for (lane_order& one : orders_.take()) {
    const auto end = [](auto& order) {
      if constexpr (requires { order.op.end(SPAWN_E_SHUTDOWN, ""); }) {
        order.op.end(SPAWN_E_SHUTDOWN, "the transport stops");
      }
    };
    std::visit(end, one);
  }
  link(false);
}

// --- what is sent

void bus::send(pending<spawn_tp_send> op) {
  if (op->op.deadline_ns != 0 && host().now_ns() > op->op.deadline_ns) {
    return op.end(SPAWN_E_DEADLINE, "the deadline passed before the message was sent");
  }
  const std::string payload = whole(*op);
  const bool answers = op->op.code == SPAWN_TP_REPLY;
  outgoing m;
  m.payload = payload;
  m.subject = answers ? std::string(text(op->subject)) : at_server(text(op->subject));
  if (!subjects::valid_subject(text(op->subject))) {
    return op.end(SPAWN_E_INVALID, "not a subject");
  }
  for (std::uint32_t i = 0; i < op->n_headers; ++i) {
    if (!nats_common::valid_header_name(text(op->headers[i].key))) {
      return op.end(SPAWN_E_INVALID, "the name of a header is not one of NATS");
    }
    m.headers.emplace_back(text(op->headers[i].key), encoded_header(text(op->headers[i].value)));
  }
  if (op->op.code == SPAWN_TP_REQUEST) {
    return request(std::move(m), std::move(op));
  }
  if (answers) {
    return reply(std::move(m), std::move(op));
  }
  if (const spawn_status status = publish(m); status != SPAWN_OK) {
    return end_unsent(std::move(op), status);
  }
  op.end(SPAWN_OK);
}

void bus::request(outgoing m, pending<spawn_tp_send> op) {
  const std::uint64_t deadline_ns = op->op.deadline_ns;
  ++in_flight_;
  ask(std::move(m), deadline_ns, [this, op = std::move(op)](answer a) mutable {
    --in_flight_;
    switch (a.how) {
      case fate::unsent:
        return end_unsent(std::move(op), a.status);
      case fate::timed_out:
        // It went out: somebody may have acted on it.
        return op.end(SPAWN_E_UNKNOWN_OUTCOME, "no reply before the deadline");
      case fate::lost:
        return op.end(SPAWN_E_UNKNOWN_OUTCOME, "the connection was lost before the reply");
      case fate::answered:
        break;
    }
    if (nats_common::server_status_of(a.message.get()) == status_no_responders) {
      return op.end(SPAWN_E_NOT_FOUND, "nobody listens to this subject");
    }
    auto lent = std::make_unique<lent_message>(std::move(a.message));
    op->out_headers = lent->headers().data();
    op->n_out_headers = static_cast<std::uint32_t>(lent->headers().size());
    op->out_reply = lent_message::lend(std::move(lent));
    op.end(SPAWN_OK);
  });
}

void bus::reply(outgoing m, pending<spawn_tp_send> op) {
  if (answered_.contains(m.subject)) {
    return op.end(SPAWN_E_NOT_FOUND, "this request has been answered");
  }
  if (const spawn_status status = publish(m); status != SPAWN_OK) {
    return end_unsent(std::move(op), status);
  }
  answered_.insert(m.subject);
  answered_order_.push_back(std::move(m.subject));
  if (answered_order_.size() > answered_max) {
    answered_.erase(answered_order_.front());
    answered_order_.pop_front();
  }
  op.end(SPAWN_OK);
}

// --- what is heard

void bus::subscribe_for(std::uint32_t lane, pending<spawn_tp_sub> op) {
  if (!subjects::valid_pattern(text(op->pattern))) {
    return op.end(SPAWN_E_INVALID, "not a pattern");
  }
  if (op->queue_group.len != 0 && !subjects::valid_subject(text(op->queue_group))) {
    return op.end(SPAWN_E_INVALID, "not a name for a queue group");
  }
  if (quiet_) {
    return op.end(SPAWN_E_SHUTDOWN, "the transport is being stopped");
  }
  if (subscriptions_.contains(op->sub_id)) {
    return op.end(SPAWN_E_INVALID, "the number of the subscription is in use");
  }
  subscription& s = subscriptions_[op->sub_id];
  s.id = op->sub_id;
  s.lane = lane;
  s.pattern = text(op->pattern);
  s.group = op->queue_group.len == 0 ? std::string() : at_server(text(op->queue_group));
  s.credit = op->initial_credit;
  listen(s);
  if (!up()) {
    return op.end(SPAWN_OK);  // it is kept; the link says when it works
  }
  ++in_flight_;
  confirm(host().now_ns() + subscribe_ns, [this, op = std::move(op)](answer) mutable {
    --in_flight_;
    op.end(SPAWN_OK);  // also of a lost connection: the next one has it
  });
}

void bus::unsubscribe_for(pending<spawn_tp_sub> op) {
  const auto at = subscriptions_.find(op->sub_id);
  if (at == subscriptions_.end() || at->second.ending) {
    return op.end(SPAWN_E_NOT_FOUND, "no such subscription");
  }
  subscription& s = at->second;
  s.ending = std::move(op);
  s.ending_until_ns = host().now_ns() + ending_ns;
  s.is_empty = s.at_server == 0;
  ++endings_;
  unsubscribe_later(s.at_server);
}

// What came for a subscription before its end is delivered: of a group, nobody else has it.
void bus::look_at_endings() {
  if (endings_ == 0) {
    return;
  }
  for (auto at = subscriptions_.begin(); at != subscriptions_.end();) {
    subscription& s = at->second;
    const bool is_late = s.ending && host().now_ns() >= s.ending_until_ns;
    if (!s.ending || ((!s.is_empty || !s.held.empty()) && !is_late)) {
      // What was handed over before this look is held at the next one.
      s.is_empty = s.is_empty || (s.ending && is_empty(s.at_server));
      ++at;
      continue;
    }
    by_server_id_.erase(s.at_server);
    unsubscribe(s.at_server);
    --endings_;
    s.ending->end(SPAWN_OK);
    at = subscriptions_.erase(at);
  }
}

void bus::listen(subscription& s) {
  s.is_empty = false;
  s.at_server = up() ? subscribe(at_server(s.pattern), s.group) : 0;
  if (s.at_server != 0) {
    by_server_id_[s.at_server] = s.id;
  }
}

void bus::hold(subscription& s, message_ptr m) {
  const std::size_t bytes = nats_common::payload_of(m.get()).size();
  if (s.credit == 0 &&
      (s.held.size() >= settings_.held_messages || s.held_bytes + bytes > settings_.held_bytes)) {
    if (s.dropped++ == 0) {
      host().log(level::warn, "a subscription without credit drops messages",
                 std::pair{"pattern", s.pattern});
    }
    return;
  }
  s.held_bytes += bytes;
  s.held.push_back(std::move(m));
  pump(s);
}

void bus::pump(subscription& s) {
  while (s.credit > 0 && !s.held.empty()) {
    --s.credit;
    message_ptr m = std::move(s.held.front());
    s.held.pop_front();
    s.held_bytes -= nats_common::payload_of(m.get()).size();
    deliver(s, std::move(m));
  }
}

void bus::deliver(const subscription& s, message_ptr m) {
  auto lent = std::make_unique<lent_message>(std::move(m));
  spawn_tp_message out{};
  out.sub_id = s.id;
  std::string_view subject = lent->subject();
  if (!settings_.prefix.empty()) {
    subject.remove_prefix(std::min(subject.size(), settings_.prefix.size() + 1));
  }
  out.subject = slice(subject);
  out.reply_to = slice(lent->reply_to());
  out.headers = lent->headers().data();
  out.n_headers = static_cast<std::uint32_t>(lent->headers().size());
  out.payload = lent_message::lend(std::move(lent));
  const bool open = lanes_.with(s.lane, [&](open_lanes::kv_sink, void*) {
    to_host_->deliver(host().raw(), s.lane, &out, 1);
  });
  if (!open) {
    spawn::plugin::release(out.payload);
  }
}

}  // namespace nats_transport
