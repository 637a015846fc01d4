// librdkafka: a member of a group that stores offsets batch by batch; the client commits them every
// second, as it does for the activator.
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <utility>

#include "broker.hpp"

namespace spawn::bench {

namespace {

constexpr int partitions = 4;
constexpr int patience_ms = patience_s * 1'000;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* one) const noexcept {
    Free(one);
  }
};
using client = std::unique_ptr<rd_kafka_t, freed_by<rd_kafka_destroy>>;
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, freed_by<rd_kafka_queue_destroy>>;
using event_ptr = std::unique_ptr<rd_kafka_event_t, freed_by<rd_kafka_event_destroy>>;
using topic_ptr = std::unique_ptr<rd_kafka_NewTopic_t, freed_by<rd_kafka_NewTopic_destroy>>;
using topic_handle = std::unique_ptr<rd_kafka_topic_t, freed_by<rd_kafka_topic_destroy>>;
using record_ptr = std::unique_ptr<rd_kafka_message_t, freed_by<rd_kafka_message_destroy>>;
using list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                 freed_by<rd_kafka_topic_partition_list_destroy>>;

void must(rd_kafka_resp_err_t status, const char* what) {
  if (status != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error(std::string(what) + ": " + rd_kafka_err2str(status));
  }
}

class kafka final : public broker {
 public:
  explicit kafka(std::string at) : at_(std::move(at)) {}

  void make(const std::string& queue) override {
    std::array<char, 512> why{};
    const topic_ptr wanted(
        rd_kafka_NewTopic_new(queue.c_str(), partitions, 1, why.data(), why.size()));
    rd_kafka_t* const through = producer();
    const queue_ptr answers(rd_kafka_queue_new(through));
    rd_kafka_NewTopic_t* one = wanted.get();
    rd_kafka_CreateTopics(through, &one, 1, nullptr, answers.get());
    const event_ptr answer(rd_kafka_queue_poll(answers.get(), patience_ms));
    if (answer == nullptr) {
      throw std::runtime_error("no answer to the making of a topic");
    }
    must(rd_kafka_event_error(answer.get()), "making a topic");
    std::size_t n = 0;
    const auto* const results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &n);
    must(rd_kafka_topic_result_error(results[0]), "making a topic");
  }

  void publish(const std::string& queue, std::span<const letter> letters) override {
    rd_kafka_t* const through = producer();
    const topic_handle to(rd_kafka_topic_new(through, queue.c_str(), nullptr));
    for (const letter& one : letters) {
      if (rd_kafka_produce(to.get(), RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                           const_cast<char*>(one.body.data()), one.body.size(), one.key.data(),
                           one.key.size(), nullptr) != 0) {
        must(rd_kafka_last_error(), "publishing");
      }
    }
    must(rd_kafka_flush(through, patience_ms), "publishing");
    if (undelivered_ != 0) {
      throw std::runtime_error("a record was not delivered");
    }
  }

  void consume(const std::string& queue, std::uint64_t messages, std::uint32_t window,
               handler& work, stopwatch& watch) override {
    const client reader =
        make_client(RD_KAFKA_CONSUMER, {{"group.id", "bare"},
                                        {"partition.assignment.strategy", "cooperative-sticky"},
                                        {"enable.auto.commit", "true"},
                                        {"auto.commit.interval.ms", "1000"},
                                        {"enable.auto.offset.store", "false"},
                                        {"auto.offset.reset", "earliest"},
                                        {"queued.min.messages", "1000"},
                                        {"queued.max.messages.kbytes", "16384"}});
    must(rd_kafka_poll_set_consumer(reader.get()), "making a consumer");
    const list_ptr topics(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(topics.get(), queue.c_str(), RD_KAFKA_PARTITION_UA);
    must(rd_kafka_subscribe(reader.get(), topics.get()), "subscribing");
    const list_ptr done(rd_kafka_topic_partition_list_new(partitions));
    for (int i = 0; i < partitions; ++i) {
      rd_kafka_topic_partition_list_add(done.get(), queue.c_str(), i)->offset =
          RD_KAFKA_OFFSET_INVALID;
    }
    for (std::uint64_t n = 1; n <= messages; ++n) {
      const record_ptr one(rd_kafka_consumer_poll(reader.get(), patience_ms));
      if (one == nullptr) {
        throw std::runtime_error("no record came");
      }
      must(one->err, "receiving");
      watch.first();
      work.take(std::to_string(one->partition) + "/" + std::to_string(one->offset),
                {static_cast<const char*>(one->payload), one->len});
      done->elems[one->partition].offset = one->offset + 1;
      if (n % window == 0 || n == messages) {
        work.finish();
        store(reader.get(), *done);
      }
    }
    watch.last();
    must(rd_kafka_consumer_close(reader.get()), "leaving the group");  // commits what is stored
  }

 private:
  using settings = std::initializer_list<std::pair<const char*, const char*>>;

  client make_client(rd_kafka_type_t kind, const settings& with) {
    rd_kafka_conf_t* const conf = rd_kafka_conf_new();
    std::array<char, 512> why{};
    const auto set = [&](const char* name, const char* value) {
      if (rd_kafka_conf_set(conf, name, value, why.data(), why.size()) != RD_KAFKA_CONF_OK) {
        throw std::runtime_error(why.data());
      }
    };
    set("bootstrap.servers", at_.c_str());
    for (const auto& [name, value] : with) {
      set(name, value);
    }
    rd_kafka_conf_set_opaque(conf, this);
    if (kind == RD_KAFKA_PRODUCER) {
      rd_kafka_conf_set_dr_msg_cb(conf, [](rd_kafka_t*, const rd_kafka_message_t* one, void* self) {
        static_cast<kafka*>(self)->undelivered_ += one->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : 1;
      });
    }
    client out(rd_kafka_new(kind, conf, why.data(), why.size()));
    if (out == nullptr) {
      throw std::runtime_error(why.data());
    }
    return out;
  }

  rd_kafka_t* producer() {
    if (producer_ == nullptr) {
      producer_ = make_client(RD_KAFKA_PRODUCER, {{"acks", "all"}, {"linger.ms", "1"}});
    }
    return producer_.get();
  }

  static void store(rd_kafka_t* reader, rd_kafka_topic_partition_list_t& done) {
    const list_ptr known(rd_kafka_topic_partition_list_new(done.cnt));
    for (int i = 0; i < done.cnt; ++i) {
      if (done.elems[i].offset != RD_KAFKA_OFFSET_INVALID) {
        rd_kafka_topic_partition_list_add(known.get(), done.elems[i].topic, i)->offset =
            done.elems[i].offset;
      }
    }
    must(rd_kafka_offsets_store(reader, known.get()), "storing offsets");
  }

  const std::string at_;
  std::uint64_t undelivered_ = 0;
  client producer_;
};

}  // namespace

std::unique_ptr<broker> make_kafka(const std::string& at) {
  return std::make_unique<kafka>(at);
}

}  // namespace spawn::bench
