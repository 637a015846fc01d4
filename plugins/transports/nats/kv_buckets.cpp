#include "kv_buckets.hpp"

#include <utility>

#include "kv_names.hpp"

namespace nats_transport {

using nats_common::answer;
using nats_common::fate;
using nats_common::on_answer;

std::string kv_buckets::stream_config(const std::string& bucket) const {
  constexpr std::int64_t duplicate_window_ns = 120'000'000'000;
  return nlohmann::json{{"name", stream_of(bucket)},
                        {"subjects", {"$KV." + bucket + ".>"}},
                        {"retention", "limits"},
                        {"max_consumers", -1},
                        {"max_msgs", -1},
                        {"max_bytes", -1},
                        {"max_age", 0},
                        {"max_msgs_per_subject", 1},
                        {"max_msg_size", -1},
                        {"discard", "new"},
                        {"storage", settings_.in_memory ? "memory" : "file"},
                        {"num_replicas", settings_.replicas},
                        {"duplicate_window", duplicate_window_ns},
                        {"deny_delete", true},
                        {"allow_rollup_hdrs", true},
                        {"allow_direct", true}}
      .dump();
}

void kv_buckets::ensure(const std::string& bucket, on_answer then) {
  state& s = known_[bucket];
  if (s.ready || !settings_.create) {
    return then({fate::answered, nullptr, SPAWN_OK});
  }
  s.waiting.push_back(std::move(then));
  if (s.waiting.size() > 1) {
    return;
  }
  const std::string config = stream_config(bucket);
  nats_common::outgoing m;
  m.subject = "$JS.API.STREAM.CREATE." + stream_of(bucket);
  m.payload = config;
  session_.ask(std::move(m),
               session_.host().now_ns() + std::uint64_t{settings_.answer_ms} * 1'000'000,
               [this, bucket](answer a) { made(bucket, std::move(a)); });
}

void kv_buckets::made(const std::string& bucket, answer a) {
  const fate how = a.how;
  const auto said = nats_common::read_api_answer(std::move(a));
  state& s = known_[bucket];
  std::vector<on_answer> waiting = std::exchange(s.waiting, {});
  // One that was made with other settings is a bucket, too. Whatever else was refused shows when
  // the bucket is used.
  s.ready = said.ok() || said.err_code == nats_common::js_stream_name_in_use;
  if (!s.ready && said.code != 0) {
    session_.host().log(spawn::plugin::level::warn, "a bucket can not be made",
                        std::pair{"bucket", bucket}, std::pair{"why", nats_common::why_of(said)});
  }
  for (on_answer& then : waiting) {
    then({how == fate::answered ? fate::answered : fate::unsent, nullptr, SPAWN_E_UNAVAILABLE});
  }
}

}  // namespace nats_transport
