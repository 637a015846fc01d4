#include "consumer.hpp"

#include <algorithm>
#include <utility>

namespace kafka_activator {

using spawn::plugin::field;
using spawn::plugin::level;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds commit_limit(1'500);
constexpr milliseconds one_look(50);

std::vector<partition_name> names_of(const rd_kafka_topic_partition_list_t& list) {
  std::vector<partition_name> out;
  for (int i = 0; i < list.cnt; ++i) {
    out.emplace_back(list.elems[i].topic, list.elems[i].partition);
  }
  return out;
}

list_ptr list_of(const std::vector<partition_name>& names) {
  list_ptr out = new_list();
  for (const partition_name& name : names) {
    rd_kafka_topic_partition_list_add(out.get(), name.first.c_str(), name.second);
  }
  return out;
}

}  // namespace

consumer::consumer(surroundings around) : client_events(around.host), around_(std::move(around)) {
  client_ = new_client(RD_KAFKA_CONSUMER, around_.config.consumer, *this);
  (void)rd_kafka_poll_set_consumer(client_.get());
  wake_on(queue_ptr(rd_kafka_queue_get_consumer(client_.get())).get(), around_.wake);
  commits_.emplace(host(), client_.get(), around_.records, around_.wake);
  const list_ptr topics = new_list();
  for (const std::string& topic : around_.config.topics) {
    rd_kafka_topic_partition_list_add(topics.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  }
  if (const rd_kafka_resp_err_t wrong = rd_kafka_subscribe(client_.get(), topics.get())) {
    throw spawn::plugin::refused(SPAWN_E_INVALID,
                                 std::string("config: topics: ") + rd_kafka_err2str(wrong));
  }
}

consumer::~consumer() {
  commits_.reset();
}

void consumer::flow(bool open) {
  open_ = open;
  apply_pauses();
}

bool consumer::read() {
  const record_ptr raw(rd_kafka_consumer_poll(client_.get(), 0));
  if (raw == nullptr) {
    return false;
  }
  if (raw->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    read_failed(*raw);
    return true;
  }
  const message_ptr m = copied(*raw, around_.config);
  troubles_.erase(m->topic);
  // After a resume, and while partitions go, the client may hand out what came before.
  if (around_.records.take(m) &&
      around_.records.look({m->topic, m->partition})->span >= around_.config.max_ahead) {
    apply_pauses();
  }
  return true;
}

void consumer::read_failed(const rd_kafka_message_t& raw) {
  const char* topic = raw.rkt == nullptr ? "" : rd_kafka_topic_name(raw.rkt);
  const std::string why =
      raw.payload != nullptr ? rd_kafka_message_errstr(&raw) : rd_kafka_err2str(raw.err);
  host().log(level::warn, "reading failed", field{"topic", topic},
             field{"error", rd_kafka_err2name(raw.err)}, field{"text", why});
  switch (raw.err) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      troubles_[topic] = why;
      break;
    default:
      break;
  }
}

void consumer::turn() {
  apply_pauses();
  commits_->store(mine_);
}

bool consumer::all_committed() const {
  return commits_->level_with(mine_);
}

std::string consumer::trouble() const {
  if (!statistics_.connected) {
    return last_error_.empty() ? "no broker answers yet" : "no broker answers: " + last_error_;
  }
  return troubles_.empty() ? std::string()
                           : troubles_.begin()->first + ": " + troubles_.begin()->second;
}

void consumer::apply_pauses(const std::vector<partition_name>& fresh) {
  std::vector<partition_name> stop, go;
  const std::size_t most = around_.config.max_ahead;
  for (const partition_name& name : mine_) {
    const std::size_t ahead = around_.records.look(name)->span;
    const bool was = paused_.contains(name);
    // One that was stopped for being too far ahead goes on when half of that is settled.
    const bool pause = !open_ || ahead >= most || (was && ahead > most / 2);
    // Whether a partition that comes back is still paused depends on the client's version.
    const bool is_fresh = std::find(fresh.begin(), fresh.end(), name) != fresh.end();
    if (pause && (!was || is_fresh)) {
      stop.push_back(name);
      paused_.insert(name);
    } else if (!pause && was) {
      go.push_back(name);
      paused_.erase(name);
    }
  }
  if (!stop.empty()) {
    (void)rd_kafka_pause_partitions(client_.get(), list_of(stop).get());
  }
  if (!go.empty()) {
    (void)rd_kafka_resume_partitions(client_.get(), list_of(go).get());
  }
}

void consumer::failed(rd_kafka_resp_err_t code, const std::string& why) {
  host().log(level::warn, "kafka consumer", field{"error", rd_kafka_err2name(code)},
             field{"text", why});
  if (code == RD_KAFKA_RESP_ERR__FATAL) {
    fatal_ = why;
  } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    statistics_.connected = false;
  } else {
    last_error_ = why;  // ALL_BROKERS_DOWN follows, and says less
  }
}

void consumer::statistics(std::string_view json) {
  statistics_ = read_statistics(json);
  if (statistics_.connected) {
    last_error_.clear();
  }
}

void consumer::committed(rd_kafka_resp_err_t err,
                         const rd_kafka_topic_partition_list_t* positions) {
  commits_->answered(err, positions);
}

void consumer::rebalanced(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t& which) {
  if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    gained(which);
  } else if (what == RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS) {
    losing(which);
  } else {
    host().log(level::warn, "a rebalance failed", field{"text", rd_kafka_err2str(what)});
    lost_all();
    (void)rd_kafka_assign(client_.get(), nullptr);
  }
}

void consumer::gained(rd_kafka_topic_partition_list_t& which) {
  const std::vector<partition_name> names = names_of(which);
  for (const partition_name& name : names) {
    around_.records.open(name);
    mine_.push_back(name);
    troubles_.erase(name.first);
  }
  const error_ptr wrong(rd_kafka_incremental_assign(client_.get(), &which));
  if (wrong != nullptr) {
    host().log(level::error, "partitions could not be taken",
               field{"text", rd_kafka_error_string(wrong.get())});
  }
  apply_pauses(names);
}

void consumer::losing(rd_kafka_topic_partition_list_t& which) {
  const std::vector<partition_name> names = names_of(which);
  // Lost ones are somebody else's already: a commit would be refused, or do harm.
  if (rd_kafka_assignment_lost(client_.get()) == 0) {
    settle_and_commit(names);
  }
  for (const partition_name& name : names) {
    around_.records.close(name);
    commits_->forget(name);
    std::erase(mine_, name);
  }
  const error_ptr wrong(rd_kafka_incremental_unassign(client_.get(), &which));
  if (wrong != nullptr) {
    host().log(level::error, "partitions could not be given up",
               field{"text", rd_kafka_error_string(wrong.get())});
  }
}

void consumer::settle_and_commit(const std::vector<partition_name>& names) {
  for (const partition_name& name : names) {
    around_.records.hold(name);
  }
  const std::uint64_t most_ms = closing_ ? 0 : around_.config.revoke_wait_ms;
  const std::uint64_t until = host().now_ns() + most_ms * 1'000'000;
  while (around_.records.offered_of(names) > 0 && host().now_ns() < until) {
    around_.settle_for(one_look);
  }
  commits_->finish(names, commit_limit);
}

void consumer::lost_all() {
  for (const partition_name& name : mine_) {
    around_.records.close(name);
    commits_->forget(name);
  }
  mine_.clear();
}

void consumer::close(milliseconds limit) {
  closing_ = true;
  const queue_ptr events(rd_kafka_queue_new(client_.get()));
  const error_ptr wrong(rd_kafka_consumer_close_queue(client_.get(), events.get()));
  if (wrong == nullptr) {
    const auto until = std::chrono::steady_clock::now() + limit;
    while (rd_kafka_consumer_closed(client_.get()) == 0 &&
           std::chrono::steady_clock::now() < until) {
      // Records that come on the way are dropped: they are not settled, so they come again.
      const record_ptr dropped(
          rd_kafka_consume_queue(events.get(), static_cast<int>(one_look.count())));
    }
  }
  lost_all();
}

}  // namespace kafka_activator
