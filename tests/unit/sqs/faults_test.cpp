// Errors of the service, by what can be done about them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aws_fault.hpp"

namespace sqs {
namespace {

TEST(faults, old_and_new_names_mean_the_same) {
  EXPECT_EQ(fault_of("QueueDoesNotExist", true), aws_fault::missing);
  EXPECT_EQ(fault_of("AWS.SimpleQueueService.NonExistentQueue", true), aws_fault::missing);
  EXPECT_EQ(fault_of("RequestThrottled", true), aws_fault::throttled);
  EXPECT_EQ(fault_of("ThrottlingException", true), aws_fault::throttled);
  EXPECT_EQ(fault_of("AccessDeniedException", true), aws_fault::denied);
  EXPECT_EQ(fault_of("ExpiredTokenException", true), aws_fault::credentials);
  EXPECT_EQ(fault_of("AWS.SimpleQueueService.BatchRequestTooLong", true), aws_fault::too_large);
}

TEST(faults, an_unknown_one_is_of_who_is_said_to_be_at_fault) {
  EXPECT_EQ(fault_of("SomethingNew", true), aws_fault::invalid);
  EXPECT_EQ(fault_of("SomethingNew", false), aws_fault::busy);
  EXPECT_EQ(fault_of("", false), aws_fault::busy);
}

TEST(faults, the_name_is_found_in_body_or_headers) {
  http_answer answer;
  EXPECT_EQ(code_of(answer, {{"__type", "com.amazonaws.sqs#QueueDoesNotExist"}}),
            "QueueDoesNotExist");
  answer.headers = {{"x-amzn-errortype", "InternalFailure:http://internal.amazon.com/"}};
  EXPECT_EQ(code_of(answer, nlohmann::json()), "InternalFailure");
  answer.headers = {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}};
  EXPECT_EQ(code_of(answer, nlohmann::json()), "AWS.SimpleQueueService.NonExistentQueue");
  answer.headers.clear();
  EXPECT_EQ(code_of(answer, nlohmann::json()), "");
}

TEST(faults, a_publisher_is_told_whether_it_may_have_arrived) {
  EXPECT_EQ(sink_status(aws_fault::none), SPAWN_OK);
  EXPECT_EQ(sink_status(aws_fault::unsent), SPAWN_E_UNAVAILABLE);
  EXPECT_EQ(sink_status(aws_fault::unanswered), SPAWN_E_UNKNOWN_OUTCOME);
  EXPECT_EQ(sink_status(aws_fault::busy), SPAWN_E_UNKNOWN_OUTCOME);
  EXPECT_EQ(sink_status(aws_fault::throttled), SPAWN_E_EXHAUSTED);
  EXPECT_EQ(sink_status(aws_fault::missing), SPAWN_E_NOT_FOUND);
  EXPECT_EQ(sink_status(aws_fault::denied), SPAWN_E_DENIED);
}

}  // namespace
}  // namespace sqs
