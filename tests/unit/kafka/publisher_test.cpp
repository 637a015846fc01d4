// The publisher over the client library's own mock of a cluster.
#include "publisher.hpp"

#include <gtest/gtest.h>
#include <librdkafka/rdkafka_mock.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "spawn/plugin/testing/fake_host.hpp"

namespace {

using kafka_activator::publisher;
using spawn::plugin::slice;

constexpr std::int16_t produce_request = 0;

class a_publisher : public testing::Test {
 protected:
  a_publisher()
      : mock_(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)),
        cluster_(rd_kafka_mock_cluster_new(mock_, 1)),
        wake_(::eventfd(0, EFD_NONBLOCK)) {
    host_.clock.run();
    config_.dead_letter_topic = "dead";
    config_.producer = {{"bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster_)},
                        {"enable.idempotence", "true"},
                        {"linger.ms", "0"}};
    rd_kafka_mock_topic_create(cluster_, "t", 2, 1);
    rd_kafka_mock_topic_create(cluster_, "dead", 1, 1);
    out_ = std::make_unique<publisher>(spawn::plugin::host_ref(host_.table()), config_, wake_);
  }
  ~a_publisher() override {
    out_.reset();
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(mock_);
    ::close(wake_);
    EXPECT_TRUE(host_.violations().empty());
  }

  void publish(spawn_sink_message& m, std::string_view to) {
    m.op.struct_size = sizeof(m);
    m.destination = slice(to);
    m.payload = slice(std::string_view("body"));
    host_.expect(&m.op);
    out_->publish({spawn::plugin::host_ref(host_.table()), &m});
  }
  template <class F>
  bool poll_until(F&& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) {
        return false;
      }
      out_->poll();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }
  void expect_end(spawn_sink_message& m, spawn_status status) {
    ASSERT_TRUE(poll_until([&] { return host_.ended(&m.op); }));
    EXPECT_EQ(m.op.status, status) << spawn::plugin::text(m.op.error);
    spawn::plugin::release(m.op.error);
  }

  spawn::plugin::testing::fake_host host_;
  rd_kafka_t* mock_;
  rd_kafka_mock_cluster_t* cluster_;
  const int wake_;
  kafka_activator::settings config_;
  std::unique_ptr<publisher> out_;
};

TEST_F(a_publisher, ends_a_message_when_the_broker_has_confirmed_it) {
  spawn_sink_message m{};
  publish(m, "t");
  EXPECT_FALSE(host_.ended(&m.op)) << "before anything was heard of the broker";
  expect_end(m, SPAWN_OK);
  EXPECT_TRUE(out_->idle());
}

TEST_F(a_publisher, tries_again_what_the_broker_refuses_for_a_while) {
  rd_kafka_mock_push_request_errors(cluster_, produce_request, 2,
                                    RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
                                    RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
  spawn_sink_message m{};
  publish(m, "t");
  expect_end(m, SPAWN_OK);
}

TEST_F(a_publisher, says_what_no_retry_helps) {
  rd_kafka_mock_push_request_errors(cluster_, produce_request, 1,
                                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  spawn_sink_message m{};
  publish(m, "t");
  expect_end(m, SPAWN_E_DENIED);
  spawn_sink_message nowhere{};
  publish(nowhere, "");
  expect_end(nowhere, SPAWN_E_INVALID);
}

TEST_F(a_publisher, refuses_more_than_its_bound) {
  config_.sink_max = 1;
  rd_kafka_mock_broker_set_down(cluster_, 1);
  spawn_sink_message first{};
  spawn_sink_message second{};
  publish(first, "t");
  publish(second, "t");
  expect_end(second, SPAWN_E_EXHAUSTED);
  rd_kafka_mock_broker_set_up(cluster_, 1);
  expect_end(first, SPAWN_OK);
}

TEST_F(a_publisher, ends_a_message_at_its_deadline) {
  rd_kafka_mock_broker_set_down(cluster_, 1);
  spawn_sink_message m{};
  m.op.deadline_ns = host_.clock.now_ns() + 100'000'000;
  publish(m, "t");
  expect_end(m, SPAWN_E_UNKNOWN_OUTCOME);
}

TEST_F(a_publisher, ends_everything_when_it_is_closed) {
  rd_kafka_mock_broker_set_down(cluster_, 1);
  spawn_sink_message m{};
  publish(m, "t");
  out_->close(std::chrono::milliseconds(10));
  EXPECT_TRUE(host_.ended(&m.op));
  EXPECT_NE(m.op.status, SPAWN_OK);
  spawn::plugin::release(m.op.error);
}

TEST_F(a_publisher, tries_a_dead_letter_until_it_has_arrived) {
  rd_kafka_mock_push_request_errors(cluster_, produce_request, 1,
                                    RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  auto m = std::make_shared<kafka_activator::message>();
  m->topic = "t";
  out_->bury({m, 7}, "poison");
  std::vector<std::uint64_t> arrived;
  ASSERT_TRUE(poll_until([&] {
    const auto some = out_->arrived();
    arrived.insert(arrived.end(), some.begin(), some.end());
    return !arrived.empty();
  }));
  EXPECT_EQ(arrived, std::vector<std::uint64_t>{7});
  EXPECT_TRUE(out_->idle());
}

}  // namespace
