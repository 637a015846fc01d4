#include "kv_watch.hpp"

#include <charconv>
#include <utility>
#include <vector>

#include "kv_names.hpp"

namespace nats_transport {

using nats_common::answer;
using nats_common::fate;
using nats_common::message_ptr;
using spawn::plugin::give;
using spawn::plugin::text;

namespace {

constexpr std::uint64_t heartbeat_ns = 5'000'000'000;
constexpr std::uint64_t silent_ns = 3 * heartbeat_ns;
constexpr std::uint64_t answer_ns = 5'000'000'000;
constexpr int status_control = 100;

}  // namespace

void kv_watches::submit(std::uint32_t lane, kv_store::op_ptr op) {
  if (op->op.code == SPAWN_KV_UNWATCH) {
    const auto at = watches_.find(op->watch_id);
    if (at == watches_.end()) {
      return op.end(SPAWN_E_NOT_FOUND, "no such watch");
    }
    by_subscription_.erase(at->second.subscription);
    session_.unsubscribe(at->second.subscription);
    if (at->second.begun) {
      at->second.begun->end(SPAWN_E_CANCELLED, "the watch was ended");
    }
    watches_.erase(at);
    return op.end(SPAWN_OK);
  }
  std::string bucket;
  if (!store_.bucket_of(op, bucket)) {
    return;
  }
  if (watches_.contains(op->watch_id)) {
    return op.end(SPAWN_E_INVALID, "the number of the watch is in use");
  }
  watch& w = watches_[op->watch_id];
  w.id = op->watch_id;
  w.lane = lane;
  w.bucket = bucket;
  w.filter = op->key.len == 0 ? "$KV." + bucket + ".>" : subject_of_key(bucket, text(op->key));
  w.begun.emplace(std::move(op));
  if (session_.up()) {
    consume(w);
  }
}

void kv_watches::connected() {
  for (auto& [id, w] : watches_) {
    consume(w);
  }
}

void kv_watches::disconnected() {
  by_subscription_.clear();
  for (auto& [id, w] : watches_) {
    w.subscription = 0;
  }
}

void kv_watches::clear() {
  disconnected();
  for (auto& [id, w] : std::exchange(watches_, {})) {
    if (w.begun) {
      w.begun->end(SPAWN_E_SHUTDOWN, "the transport stops");
    }
  }
}

// --- the consumer

void kv_watches::consume(watch& w) {
  w.heard_ns = session_.host().now_ns();
  for (auto& [subject, key] : w.live) {
    key.since_ns = w.heard_ns;  // keepalives of the time without a consumer come now
  }
  const std::uint64_t epoch = ++w.epoch;
  store_.buckets().ensure(w.bucket, [this, id = w.id, epoch](answer made) {
    const auto at = watches_.find(id);
    if (made.how != fate::answered || at == watches_.end() || at->second.epoch != epoch) {
      return;  // tick() tries again
    }
    watch& w = at->second;
    const std::string inbox = session_.inbox() + ".w." + std::to_string(++inboxes_);
    w.subscription = session_.subscribe(inbox, {});
    if (w.subscription == 0) {
      return;
    }
    by_subscription_[w.subscription] = id;
    w.consumer_sequence = 0;
    nlohmann::json config{{"deliver_subject", inbox},   {"ack_policy", "none"},
                          {"max_deliver", 1},           {"filter_subject", w.filter},
                          {"replay_policy", "instant"}, {"idle_heartbeat", heartbeat_ns},
                          {"mem_storage", true},        {"num_replicas", 1}};
    if (w.last_revision == 0) {
      config["deliver_policy"] = "last_per_subject";
    } else {
      config["deliver_policy"] = "by_start_sequence";
      config["opt_start_seq"] = w.last_revision + 1;
    }
    const std::string stream = stream_of(w.bucket);
    const std::string request = nlohmann::json{{"stream_name", stream}, {"config", config}}.dump();
    nats_common::outgoing m;
    m.subject = "$JS.API.CONSUMER.CREATE." + stream;
    m.payload = request;
    session_.ask(std::move(m), session_.host().now_ns() + answer_ns,
                 [this, id, epoch](answer a) { consumer_made(id, epoch, std::move(a)); });
  });
}

void kv_watches::consumer_made(std::uint64_t id, std::uint64_t epoch, answer a) {
  const auto at = watches_.find(id);
  if (at == watches_.end() || at->second.epoch != epoch) {
    return;
  }
  const auto said = nats_common::read_api_answer(std::move(a));
  watch& w = at->second;
  if (!said.ok()) {
    session_.host().log(spawn::plugin::level::warn, "a watch has to wait",
                        std::pair{"bucket", w.bucket}, std::pair{"why", nats_common::why_of(said)});
    return;  // tick() tries again
  }
  // What it had already sent of its first messages is not in num_pending any more.
  const auto delivered = said.body.find("delivered");
  const std::uint64_t sent =
      delivered == said.body.end() ? 0 : delivered->value("consumer_seq", std::uint64_t{0});
  if (w.begun && said.number("num_pending") == 0 && sent == 0) {
    w.begun->end(SPAWN_OK);
    w.begun.reset();
  }
}

void kv_watches::restart(watch& w) {
  by_subscription_.erase(w.subscription);
  session_.unsubscribe(w.subscription);
  w.subscription = 0;
  consume(w);
}

void kv_watches::received(std::uint64_t subscription, message_ptr m) {
  if (const auto at = by_subscription_.find(subscription); at != by_subscription_.end()) {
    heard(watches_.at(at->second), std::move(m));
  }
}

void kv_watches::heard(watch& w, message_ptr m) {
  w.heard_ns = session_.host().now_ns();
  const auto facts = nats_common::read_ack_subject(nats_common::reply_of(m.get()));
  if (!facts) {
    if (nats_common::server_status_of(m.get()) == status_control) {
      // A heartbeat says which message was the last one.
      const std::string_view last = nats_common::header_of(m.get(), "Nats-Last-Consumer");
      std::uint64_t sequence = 0;
      (void)std::from_chars(last.data(), last.data() + last.size(), sequence);
      if (sequence > w.consumer_sequence) {
        restart(w);
      }
    }
    return;
  }
  if (facts->consumer_sequence != w.consumer_sequence + 1) {
    return restart(w);
  }
  w.consumer_sequence = facts->consumer_sequence;
  change(w, std::string(nats_common::subject_of(m.get())),
         read_entry(m.get(), facts->stream_sequence));
  if (w.begun && facts->pending == 0) {
    w.begun->end(SPAWN_OK);
    w.begun.reset();
  }
}

// --- what is told

void kv_watches::change(watch& w, const std::string& subject, kv_entry entry) {
  if (entry.revision <= w.last_revision) {
    return;
  }
  w.last_revision = entry.revision;
  const auto at = w.live.find(subject);
  const bool was_live = at != w.live.end();
  if (entry.deleted) {
    if (was_live) {
      w.live.erase(at);
      tell(w, subject, entry.revision, true, {});
    }
    return;
  }
  w.live[subject] = {entry.revision, session_.host().now_ns(), entry.lease_ms};
  if (!was_live || !entry.keepalive) {
    tell(w, subject, entry.revision, false, std::move(entry.value));
  }
}

void kv_watches::tick() {
  const std::uint64_t now_ns = session_.host().now_ns();
  for (auto& [id, w] : watches_) {
    if (session_.up() && now_ns - w.heard_ns > silent_ns) {
      restart(w);
    }
    for (auto at = w.live.begin(); at != w.live.end();) {
      const live_key& key = at->second;
      // Without a connection nobody's keepalive could be heard: nothing is judged then.
      if (key.lease_ms == 0 || w.subscription == 0 ||
          now_ns - key.since_ns < std::uint64_t{key.lease_ms} * 1'000'000) {
        ++at;
        continue;
      }
      const auto gone = w.live.extract(at++);
      tell(w, gone.key(), gone.mapped().revision, true, {});
      store_.clear_expired(gone.key(), gone.mapped().revision);
    }
  }
}

void kv_watches::tell(const watch& w, const std::string& subject, std::uint64_t revision,
                      bool deleted, std::string value) {
  spawn_kv_event event{};
  event.watch_id = w.id;
  event.revision = revision;
  event.deleted = deleted ? 1 : 0;
  event.key = give(key_of_subject(w.bucket, subject));
  event.value = give(std::move(value));
  bool told = false;
  lanes_.with(w.lane, [&](open_lanes::kv_sink to, void* arg) {
    if (to != nullptr) {
      told = true;
      to(arg, &event, 1);
    }
  });
  if (!told) {
    spawn::plugin::release(event.key);
    spawn::plugin::release(event.value);
  }
}

}  // namespace nats_transport
