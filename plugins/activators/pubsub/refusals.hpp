// What the server says of the ack ids it did not take.
#pragma once
#include <grpcpp/grpcpp.h>

#include <string>
#include <unordered_map>

namespace pubsub {

// Worth another try as a whole: the trouble is the server's or the network's, not the request's.
[[nodiscard]] bool passing(const grpc::Status& status);

// Reasons by ack id, from the details of the error; empty if it has none. An id that is not in
// there was taken.
[[nodiscard]] std::unordered_map<std::string, std::string> refused_ids(const grpc::Status& status);

// A reason after which the same id may be tried again.
[[nodiscard]] bool transient(const std::string& reason);

}  // namespace pubsub
