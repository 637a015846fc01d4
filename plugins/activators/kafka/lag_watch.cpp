#include "lag_watch.hpp"

#include <algorithm>

namespace kafka_activator {

namespace {

constexpr std::uint64_t every_ns = 1'000'000'000;

}  // namespace

void lag_watch::turn(rd_kafka_t* client, const std::vector<partition_name>& mine, bool ask) {
  const std::uint64_t now = host_.host().now_ns();
  if (now < next_ns_) {
    return;
  }
  next_ns_ = now + every_ns;
  ends_.clear();
  if (ask) {
    ask_ends(client, mine);
  }
  std::map<std::string, topic_lag> all;
  for (const partition_name& name : mine) {
    add(client, name, all[name.first]);
  }
  for (const auto& [topic, lag] : all) {
    if (lag.known) {
      tell(topic, lag);
    }
  }
}

void lag_watch::ask_ends(rd_kafka_t* client, const std::vector<partition_name>& mine) {
  const list_ptr asked = new_list();
  for (const partition_name& name : mine) {
    rd_kafka_topic_partition_list_add(asked.get(), name.first.c_str(), name.second)->offset =
        RD_KAFKA_OFFSET_END;
  }
  if (rd_kafka_offsets_for_times(client, asked.get(), static_cast<int>(ask_limit.count())) !=
      RD_KAFKA_RESP_ERR_NO_ERROR) {
    return;
  }
  for (int i = 0; i < asked->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = asked->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0) {
      ends_[{one.topic, one.partition}] = one.offset;
    }
  }
}

void lag_watch::add(rd_kafka_t* client, const partition_name& name, topic_lag& to) {
  std::int64_t low = -1;
  std::int64_t high = -1;
  (void)rd_kafka_get_watermark_offsets(client, name.first.c_str(), name.second, &low, &high);
  if (const auto asked = ends_.find(name); asked != ends_.end()) {
    high = std::max(high, asked->second);
  }
  const auto state = ledgers_.look(name);
  const auto start = starts_.find(name);
  std::int64_t position = state ? state->position : offset_ledger::unknown;
  if (position == offset_ledger::unknown && start != starts_.end()) {
    position = start->second;
  }
  if (high < 0 || position < 0) {
    to.known = false;
    return;
  }
  to.messages += static_cast<std::uint64_t>(std::max<std::int64_t>(high - position, 0));
  if (state && state->oldest_unix_ms >= 0) {
    to.oldest_unix_ms = std::min(to.oldest_unix_ms, state->oldest_unix_ms);
  }
}

void lag_watch::tell(const std::string& topic, const topic_lag& lag) {
  std::uint64_t oldest_ms = lag.messages == 0 ? 0 : UINT64_MAX;
  if (lag.oldest_unix_ms != INT64_MAX) {
    oldest_ms = static_cast<std::uint64_t>(
        std::max<std::int64_t>(host_.host().unix_ms() - lag.oldest_unix_ms, 0));
  }
  host_.lag(topic, lag.messages, oldest_ms);
}

}  // namespace kafka_activator
