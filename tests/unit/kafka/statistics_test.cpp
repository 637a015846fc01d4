#include <gtest/gtest.h>

#include "broker_statistics.hpp"
#include "report.hpp"

namespace {

using kafka_activator::outcome;
using kafka_activator::read_statistics;

TEST(broker_statistics, one_broker_that_is_up_is_a_connection) {
  EXPECT_FALSE(read_statistics(R"({"brokers": {"a": {"state": "TRY_CONNECT"}}})").connected);
  EXPECT_FALSE(read_statistics("{}").connected);
  EXPECT_TRUE(
      read_statistics(R"({"brokers": {"a": {"state": "DOWN"}, "b": {"state": "UP"}}})").connected);
}

TEST(broker_statistics, partitions_that_know_where_they_read) {
  const auto got = read_statistics(R"({"topics": {"t": {"partitions": {
      "0": {"next_offset": 7}, "1": {"next_offset": -1001}, "-1": {"next_offset": 3}}}}})");
  ASSERT_EQ(got.next_offsets.size(), 1u);
  EXPECT_EQ(got.next_offsets.at({"t", 0}), 7);
}

TEST(report, says_what_helps) {
  constexpr auto not_written = RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  EXPECT_EQ(outcome(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_MSG_STATUS_PERSISTED), SPAWN_OK);
  EXPECT_EQ(outcome(RD_KAFKA_RESP_ERR__QUEUE_FULL, not_written), SPAWN_E_EXHAUSTED);
  EXPECT_EQ(outcome(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, not_written), SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(outcome(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED),
            SPAWN_E_UNKNOWN_OUTCOME);
  EXPECT_EQ(outcome(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, not_written), SPAWN_E_NOT_FOUND);
  EXPECT_EQ(outcome(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, not_written), SPAWN_E_TOO_LARGE);
  EXPECT_EQ(outcome(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, not_written), SPAWN_E_DENIED);
}

}  // namespace
