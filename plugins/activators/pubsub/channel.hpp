// The connection to the service: TLS, who we are, keep-alive.
#pragma once
#include <grpcpp/grpcpp.h>

#include <memory>

#include "settings.hpp"
#include "spawn/plugin/cpp/host.hpp"

namespace pubsub {

// Connects nowhere yet. What is wrong with a certificate shows when it connects.
[[nodiscard]] std::shared_ptr<grpc::Channel> make_channel(const settings& s,
                                                          spawn::plugin::host_ref host);

}  // namespace pubsub
