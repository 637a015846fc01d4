// What the details of an error say of ack ids.
#include "refusals.hpp"

#include <gtest/gtest.h>

#include "pubsub.pb.h"

namespace {

grpc::Status status_with(const std::string& type_url, const std::string& id,
                         const std::string& reason) {
  google::pubsub::v1::ErrorInfo info;
  (*info.mutable_metadata())[id] = reason;
  google::pubsub::v1::ErrorDetails details;
  auto& one = *details.add_details();
  one.set_type_url(type_url);
  one.set_value(info.SerializeAsString());
  return {grpc::StatusCode::FAILED_PRECONDITION, "text", details.SerializeAsString()};
}

TEST(pubsub_refusals, reasons_are_found_by_id) {
  const auto got = pubsub::refused_ids(
      status_with("type.googleapis.com/google.rpc.ErrorInfo", "id", "TRANSIENT_FAILURE_X"));
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(pubsub::transient(got.at("id")));
}

TEST(pubsub_refusals, other_details_and_broken_ones_say_nothing) {
  EXPECT_TRUE(
      pubsub::refused_ids(status_with("type.googleapis.com/google.rpc.Help", "id", "x")).empty());
  EXPECT_TRUE(pubsub::refused_ids({grpc::StatusCode::INTERNAL, "text", "\xff\xff"}).empty());
  EXPECT_TRUE(pubsub::refused_ids({grpc::StatusCode::INTERNAL, "text"}).empty());
}

TEST(pubsub_refusals, only_trouble_that_passes_is_worth_another_try) {
  EXPECT_TRUE(pubsub::passing({grpc::StatusCode::UNAVAILABLE, ""}));
  EXPECT_TRUE(pubsub::passing({grpc::StatusCode::DEADLINE_EXCEEDED, ""}));
  EXPECT_FALSE(pubsub::passing({grpc::StatusCode::NOT_FOUND, ""}));
  EXPECT_FALSE(pubsub::passing({grpc::StatusCode::INVALID_ARGUMENT, ""}));
  EXPECT_FALSE(pubsub::transient("PERMANENT_FAILURE_INVALID_ACK_ID"));
}

}  // namespace
