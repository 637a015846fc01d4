#include "refusals.hpp"

#include "pubsub.pb.h"

namespace pubsub {

bool passing(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::INTERNAL:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return true;
    default:
      return false;
  }
}

std::unordered_map<std::string, std::string> refused_ids(const grpc::Status& status) {
  std::unordered_map<std::string, std::string> out;
  google::pubsub::v1::ErrorDetails details;
  if (!details.ParseFromString(status.error_details())) {
    return out;
  }
  for (const auto& one : details.details()) {
    google::pubsub::v1::ErrorInfo info;
    if (one.type_url().ends_with("/google.rpc.ErrorInfo") && info.ParseFromString(one.value())) {
      for (const auto& [id, reason] : info.metadata()) {
        out.emplace(id, reason);
      }
    }
  }
  return out;
}

bool transient(const std::string& reason) {
  return reason.starts_with("TRANSIENT_FAILURE_");
}

}  // namespace pubsub
