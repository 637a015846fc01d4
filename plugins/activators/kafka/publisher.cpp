#include "publisher.hpp"

#include <utility>

#include "record_out.hpp"
#include "report.hpp"

namespace kafka_activator {

using spawn::plugin::field;
using spawn::plugin::level;
using spawn::plugin::text;

namespace {

constexpr std::uint64_t letter_again_ns = 2'000'000'000;

void* opaque_of(std::uint64_t id) {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(id));
}

std::string reason(rd_kafka_resp_err_t code) {
  return rd_kafka_err2str(code);
}

}  // namespace

publisher::publisher(spawn::plugin::host_ref host, const settings& config, int wake)
    : client_events(host), config_(config), wake_(wake) {}

publisher::~publisher() {
  close(std::chrono::milliseconds(0));
}

rd_kafka_t* publisher::producer() {
  if (producer_ == nullptr) {
    producer_ = new_client(RD_KAFKA_PRODUCER, config_.producer, *this);
    wake_on(queue_ptr(rd_kafka_queue_get_main(producer_.get())).get(), wake_);
  }
  return producer_.get();
}

void publisher::publish(message_op op) {
  if (text(op->destination).empty() && config_.destination.empty()) {
    return op.end(SPAWN_E_INVALID,
                  "the message has no destination, and config: destination no default");
  }
  if (op->op.deadline_ns != 0 && host().now_ns() > op->op.deadline_ns) {
    return op.end(SPAWN_E_UNAVAILABLE, "its deadline has passed before it was sent");
  }
  if (flights_.size() >= config_.sink_max) {
    return op.end(SPAWN_E_EXHAUSTED, "sink_max messages are not confirmed yet");
  }
  const std::uint64_t id = ++last_id_;
  if (const rd_kafka_resp_err_t wrong = send(*op, id)) {
    return op.end(outcome(wrong, RD_KAFKA_MSG_STATUS_NOT_PERSISTED), reason(wrong));
  }
  const std::uint64_t deadline = op->op.deadline_ns;
  if (deadline != 0) {
    deadlines_.emplace(deadline, id);
  }
  flights_.emplace(id, flight{std::move(op), std::nullopt, deadline});
}

rd_kafka_resp_err_t publisher::send(const spawn_sink_message& m, std::uint64_t id) {
  const auto to = text(m.destination);
  record_out out(to.empty() ? config_.destination : std::string(to));
  if (text(m.key).data() != nullptr && !text(m.key).empty()) {
    out.key(text(m.key));
  }
  out.value(text(m.payload));
  for (std::uint32_t i = 0; i < m.n_headers; ++i) {
    out.header(std::string(text(m.headers[i].key)), text(m.headers[i].value));
  }
  out.header_if(content_type_header, text(m.content_type));
  out.header_if(type_url_header, text(m.type_url));
  out.header_if(message_id_header, text(m.dedup_id));
  return out.send(producer(), opaque_of(id));
}

rd_kafka_resp_err_t publisher::send(const grave& one, std::uint64_t id) {
  const message& m = *one.what.what;
  record_out out(config_.dead_letter_topic);
  if (m.has_key) {
    out.key(m.key);
  }
  if (m.has_value) {
    out.value(m.value);
  }
  for (std::size_t i = 0; i < m.own_headers; ++i) {
    out.header(m.headers[i].first, m.headers[i].second);
  }
  out.header("dead-letter-reason", one.why);
  out.header("dead-letter-topic", m.topic);
  out.header("dead-letter-partition", m.partition_text);
  out.header("dead-letter-offset", std::to_string(m.offset));
  return out.send(producer(), opaque_of(id));
}

void publisher::bury(intake::burial one, std::string why) {
  try_letter({std::move(one), std::move(why)});
}

void publisher::try_letter(grave one) {
  const std::uint64_t id = ++last_id_;
  if (const rd_kafka_resp_err_t wrong = send(one, id)) {
    return letter_failed(std::move(one), wrong);
  }
  flights_.emplace(id, flight{std::nullopt, std::move(one), 0});
}

void publisher::letter_failed(grave one, rd_kafka_resp_err_t why) {
  const message& m = *one.what.what;
  host().log(level::warn, "a dead letter did not arrive and is tried again",
             field{"to", config_.dead_letter_topic}, field{"topic", m.topic},
             field{"partition", m.partition_text}, field{"offset", std::to_string(m.offset)},
             field{"reason", reason(why)});
  unsent_.emplace(host().now_ns() + letter_again_ns, std::move(one));
}

void publisher::poll() {
  const std::uint64_t now = host().now_ns();
  if (producer_ != nullptr) {
    (void)rd_kafka_poll(producer_.get(), 0);
  }
  expire(now);
  while (!unsent_.empty() && unsent_.begin()->first <= now) {
    grave one = std::move(unsent_.begin()->second);
    unsent_.erase(unsent_.begin());
    try_letter(std::move(one));
  }
  if (std::exchange(fatal_, false)) {
    host().log(level::warn, "the producer is made anew");
    close(std::chrono::milliseconds(0));
  }
}

void publisher::expire(std::uint64_t now_ns) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now_ns) {
    const auto at = flights_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    if (at != flights_.end() && at->second.op) {
      at->second.op->end(SPAWN_E_UNKNOWN_OUTCOME, "not confirmed before its deadline");
      at->second.op.reset();
    }
  }
}

std::vector<std::uint64_t> publisher::arrived() {
  return std::exchange(arrived_, {});
}

std::uint64_t publisher::due_ns() const {
  const std::uint64_t letter = unsent_.empty() ? UINT64_MAX : unsent_.begin()->first;
  const std::uint64_t op = deadlines_.empty() ? UINT64_MAX : deadlines_.begin()->first;
  const std::uint64_t first = std::min(letter, op);
  return first == UINT64_MAX ? 0 : first;
}

void publisher::failed(rd_kafka_resp_err_t code, const std::string& why) {
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    fatal_ = true;
  }
  host().log(level::warn, "kafka producer", field{"error", rd_kafka_err2name(code)},
             field{"text", why});
}

void publisher::delivered(const rd_kafka_message_t& report) {
  const auto id = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(report._private));
  auto landed = flights_.extract(id);
  if (landed.empty()) {
    return;
  }
  flight& one = landed.mapped();
  if (one.letter) {
    if (report.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      arrived_.push_back(one.letter->what.token);
    } else {
      letter_failed(std::move(*one.letter), report.err);
    }
  } else if (one.op) {
    const spawn_status status = outcome(report.err, rd_kafka_message_status(&report));
    one.op->end(status, status == SPAWN_OK ? std::string() : reason(report.err));
  }
}

void publisher::close(std::chrono::milliseconds limit) {
  if (producer_ != nullptr) {
    (void)rd_kafka_flush(producer_.get(), static_cast<int>(limit.count()));
    (void)rd_kafka_purge(producer_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                              RD_KAFKA_PURGE_F_NON_BLOCKING);
    (void)rd_kafka_poll(producer_.get(), 100);
    producer_.reset();
  }
  // Reports that will never come: what was in flight may have arrived.
  for (auto& [id, one] : std::exchange(flights_, {})) {
    if (one.op) {
      one.op->end(SPAWN_E_UNKNOWN_OUTCOME, "the producer was closed before the report came");
    } else if (one.letter) {
      unsent_.emplace(host().now_ns() + letter_again_ns, std::move(*one.letter));
    }
  }
  deadlines_.clear();
}

}  // namespace kafka_activator
