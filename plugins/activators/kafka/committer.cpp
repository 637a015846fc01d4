#include "committer.hpp"

namespace kafka_activator {

using spawn::plugin::field;
using spawn::plugin::level;

namespace {

constexpr std::chrono::milliseconds one_look(50);

}  // namespace

committer::committer(spawn::plugin::host_ref host, rd_kafka_t* client, const intake& ledgers,
                     int wake)
    : host_(host), client_(client), ledgers_(ledgers), answers_(rd_kafka_queue_new(client)) {
  wake_on(answers_.get(), wake);
}

committer::~committer() {
  rd_kafka_queue_io_event_enable(answers_.get(), -1, nullptr, 0);
}

list_ptr committer::news(const std::vector<partition_name>& of, const position_map& known) const {
  list_ptr out = new_list();
  for (const partition_name& name : of) {
    const auto state = ledgers_.look(name);
    if (!state || state->position == offset_ledger::unknown) {
      continue;
    }
    const auto at = known.find(name);
    if (state->position > (at == known.end() ? state->first : at->second)) {
      rd_kafka_topic_partition_list_add(out.get(), name.first.c_str(), name.second)->offset =
          state->position;
    }
  }
  return out;
}

bool committer::level_with(const std::vector<partition_name>& these) const {
  return news(these, told_)->cnt == 0;
}

void committer::forget(const partition_name& name) {
  stored_.erase(name);
  told_.erase(name);
}

void committer::store(const std::vector<partition_name>& mine) {
  const list_ptr positions = news(mine, stored_);
  if (positions->cnt == 0) {
    return;
  }
  (void)rd_kafka_offsets_store(client_, positions.get());
  for (int i = 0; i < positions->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = positions->elems[i];
    if (one.err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      stored_[{one.topic, one.partition}] = one.offset;
    }
  }
}

void committer::answered(rd_kafka_resp_err_t err,
                         const rd_kafka_topic_partition_list_t* positions) {
  if (err == RD_KAFKA_RESP_ERR__NO_OFFSET) {
    return;  // there was nothing to commit
  }
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR && !troubled_) {
    host_.log(level::warn, "offsets were not committed; they are told again",
              field{"error", rd_kafka_err2name(err)}, field{"text", rd_kafka_err2str(err)});
  }
  troubled_ = err != RD_KAFKA_RESP_ERR_NO_ERROR;
  for (int i = 0; positions != nullptr && i < positions->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = positions->elems[i];
    if (!troubled_ && one.err == RD_KAFKA_RESP_ERR_NO_ERROR && one.offset >= 0) {
      told_[{one.topic, one.partition}] = one.offset;
    } else {
      stored_.erase({one.topic, one.partition});
    }
  }
}

void committer::finish(const std::vector<partition_name>& these, std::chrono::milliseconds limit) {
  // The client commits what is stored once more when it gives partitions up: that has to be the
  // same.
  store(these);
  const list_ptr positions = news(these, told_);
  if (positions->cnt == 0 || under_way_) {
    return;
  }
  const auto done = [](rd_kafka_t*, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t* of,
                       void* opaque) {
    auto& self = *static_cast<committer*>(opaque);
    self.under_way_ = false;
    self.answered(err, of);
  };
  under_way_ = rd_kafka_commit_queue(client_, positions.get(), answers_.get(), done, this) ==
               RD_KAFKA_RESP_ERR_NO_ERROR;
  for (auto looks = limit / one_look; under_way_ && looks > 0; --looks) {
    (void)rd_kafka_queue_poll_callback(answers_.get(), static_cast<int>(one_look.count()));
  }
}

}  // namespace kafka_activator
