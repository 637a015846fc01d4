#include "contract/activator/kafka_cluster.hpp"

#include <array>

#include "contract/common/check.hpp"

namespace contract {
namespace {

constexpr int answer_ms = 30'000;

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
using queue_ptr = std::unique_ptr<rd_kafka_queue_t, freed_by<rd_kafka_queue_destroy>>;
using event_ptr = std::unique_ptr<rd_kafka_event_t, freed_by<rd_kafka_event_destroy>>;
using topic_ptr = std::unique_ptr<rd_kafka_NewTopic_t, freed_by<rd_kafka_NewTopic_destroy>>;
using record_ptr = std::unique_ptr<rd_kafka_message_t, freed_by<rd_kafka_message_destroy>>;
using list_ptr = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                 freed_by<rd_kafka_topic_partition_list_destroy>>;

void must(rd_kafka_resp_err_t err, const std::string& what) {
  if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw failed{what + ": " + rd_kafka_err2str(err)};
  }
}

list_ptr all_partitions(const std::string& topic, int n, std::int64_t offset) {
  list_ptr out(rd_kafka_topic_partition_list_new(n));
  for (int i = 0; i < n; ++i) {
    rd_kafka_topic_partition_list_add(out.get(), topic.c_str(), i)->offset = offset;
  }
  return out;
}

letter letter_of(const rd_kafka_message_t& raw) {
  letter out;
  out.key.assign(static_cast<const char*>(raw.key), raw.key_len);
  out.body.assign(static_cast<const char*>(raw.payload), raw.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&raw, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return out;
  }
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    out.with.emplace_back(name, std::string(static_cast<const char*>(value), size));
    if (out.with.back().first == "content-type") {
      out.content_type = out.with.back().second;
    } else if (out.with.back().first == "message-id") {
      out.id = out.with.back().second;
    }
  }
  return out;
}

// Takes the headers.
rd_kafka_resp_err_t produce(rd_kafka_t* through, const std::string& topic, const letter& one,
                            rd_kafka_headers_t* headers) {
  std::array<rd_kafka_vu_t, 5> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
  parts[0].u.cstr = topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_KEY;
  parts[1].u.mem.ptr = one.key.empty() ? nullptr : const_cast<char*>(one.key.data());
  parts[1].u.mem.size = one.key.size();
  parts[2].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[2].u.mem.ptr = const_cast<char*>(one.body.data());
  parts[2].u.mem.size = one.body.size();
  parts[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  parts[3].u.i = RD_KAFKA_MSG_F_COPY;
  parts[4].vtype = RD_KAFKA_VTYPE_HEADERS;
  parts[4].u.headers = headers;
  rd_kafka_error_t* const wrong = rd_kafka_produceva(through, parts.data(), parts.size());
  if (wrong == nullptr) {
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  rd_kafka_headers_destroy(headers);
  const rd_kafka_resp_err_t out = rd_kafka_error_code(wrong);
  rd_kafka_error_destroy(wrong);
  return out;
}

}  // namespace

kafka_cluster::kafka_cluster(std::string brokers)
    : brokers_(std::move(brokers)),
      producer_(make(RD_KAFKA_PRODUCER, {{"linger.ms", "0"}, {"message.max.bytes", "3000000"}})) {}

kafka_cluster::client kafka_cluster::make(rd_kafka_type_t kind, const setting_list& more) const {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  std::array<char, 512> why{};
  setting_list all = {{"bootstrap.servers", brokers_}, {"log_level", "2"}};
  all.insert(all.end(), more.begin(), more.end());
  for (const auto& [name, value] : all) {
    require(rd_kafka_conf_set(conf, name.c_str(), value.c_str(), why.data(), why.size()) ==
                RD_KAFKA_CONF_OK,
            why.data());
  }
  client out(rd_kafka_new(kind, conf, why.data(), why.size()));
  require(out != nullptr, why.data());
  return out;
}

void kafka_cluster::make_topic(const std::string& name, int partitions) {
  std::array<char, 512> why{};
  const topic_ptr wanted(
      rd_kafka_NewTopic_new(name.c_str(), partitions, 1, why.data(), why.size()));
  require(wanted != nullptr, why.data());
  const queue_ptr answers(rd_kafka_queue_new(producer_.get()));
  rd_kafka_NewTopic_t* one = wanted.get();
  rd_kafka_CreateTopics(producer_.get(), &one, 1, nullptr, answers.get());
  const event_ptr answer(rd_kafka_queue_poll(answers.get(), answer_ms));
  require(answer != nullptr, "no answer to the making of a topic");
  must(rd_kafka_event_error(answer.get()), "making " + name);
  std::size_t n = 0;
  const rd_kafka_topic_result_t** const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(answer.get()), &n);
  must(rd_kafka_topic_result_error(results[0]), "making " + name);
}

void kafka_cluster::publish(const std::string& topic, std::span<const letter> letters) {
  for (const letter& one : letters) {
    rd_kafka_headers_t* const headers = rd_kafka_headers_new(4);
    const auto add = [&](const std::string& name, const std::string& value) {
      rd_kafka_header_add(headers, name.c_str(), -1, value.data(),
                          static_cast<ssize_t>(value.size()));
    };
    for (const auto& [name, value] : one.with) {
      add(name, value);
    }
    if (!one.content_type.empty()) {
      add("content-type", one.content_type);
    }
    add("message-id", one.id);
    must(produce(producer_.get(), topic, one, headers), "publishing");
  }
  must(rd_kafka_flush(producer_.get(), answer_ms), "publishing");
}

int kafka_cluster::partitions_of(rd_kafka_t* through, const std::string& topic) const {
  rd_kafka_topic_t* const about = rd_kafka_topic_new(through, topic.c_str(), nullptr);
  const struct rd_kafka_metadata* told = nullptr;
  const rd_kafka_resp_err_t err = rd_kafka_metadata(through, 0, about, &told, answer_ms);
  rd_kafka_topic_destroy(about);
  must(err, "asking for " + topic);
  const int out = told->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(told);
  require(out > 0, "no topic " + topic);
  return out;
}

std::vector<letter> kafka_cluster::read(const std::string& topic, std::size_t n,
                                        std::chrono::milliseconds patience) {
  const client reader =
      make(RD_KAFKA_CONSUMER,
           {{"group.id", "nobody"}, {"enable.auto.commit", "false"}, {"fetch.wait.max.ms", "50"}});
  rd_kafka_poll_set_consumer(reader.get());
  const int partitions = partitions_of(reader.get(), topic);
  std::int64_t there = 0;
  for (int i = 0; i < partitions; ++i) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    must(rd_kafka_query_watermark_offsets(reader.get(), topic.c_str(), i, &low, &high, answer_ms),
         "asking for the end of " + topic);
    there += high - low;
  }
  must(rd_kafka_assign(reader.get(),
                       all_partitions(topic, partitions, RD_KAFKA_OFFSET_BEGINNING).get()),
       "reading " + topic);
  std::vector<letter> out;
  const auto end = std::chrono::steady_clock::now() + patience;
  while (out.size() < std::max(n, static_cast<std::size_t>(there)) &&
         std::chrono::steady_clock::now() < end) {
    const record_ptr one(rd_kafka_consumer_poll(reader.get(), 50));
    if (one != nullptr && one->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      out.push_back(letter_of(*one));
    }
  }
  return out;
}

std::uint64_t kafka_cluster::uncommitted(const std::string& topic, const std::string& group) {
  const client reader = make(RD_KAFKA_CONSUMER, {{"group.id", group}});
  const int partitions = partitions_of(reader.get(), topic);
  const list_ptr told = all_partitions(topic, partitions, RD_KAFKA_OFFSET_INVALID);
  must(rd_kafka_committed(reader.get(), told.get(), answer_ms), "asking for what is committed");
  std::uint64_t out = 0;
  for (int i = 0; i < partitions; ++i) {
    std::int64_t low = 0;
    std::int64_t high = 0;
    must(rd_kafka_query_watermark_offsets(reader.get(), topic.c_str(), i, &low, &high, answer_ms),
         "asking for the end of " + topic);
    const std::int64_t committed = told->elems[i].offset;
    out += static_cast<std::uint64_t>(high - (committed < 0 ? low : committed));
  }
  return out;
}

}  // namespace contract
