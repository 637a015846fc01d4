#include "server.hpp"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <string>

namespace grpc_source {

namespace {

constexpr int end_ms = 1'000;  // for open calls when the server closes

std::shared_ptr<grpc::ServerCredentials> credentials(const settings& from) {
  if (!from.tls) {
    return grpc::InsecureServerCredentials();
  }
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({from.tls->key, from.tls->cert});
  if (!from.tls->ca.empty()) {
    options.pem_root_certs = from.tls->ca;
    options.client_certificate_request = GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY;
  }
  return grpc::SslServerCredentials(options);
}

// An IPv6 address goes into brackets.
std::string endpoint(const settings& from) {
  const bool six = from.address.find(':') != std::string::npos;
  return (six ? "[" + from.address + "]" : from.address) + ":" + std::to_string(from.port);
}

}  // namespace

bool grpc_server::open() {
  const settings& config = context_.config;
  grpc::ServerBuilder builder;
  service_ = std::make_unique<grpc::AsyncGenericService>();
  builder.AddListeningPort(endpoint(config), credentials(config));
  builder.RegisterAsyncGenericService(service_.get());
  builder.SetMaxReceiveMessageSize(static_cast<int>(config.max_message_bytes));
  builder.SetMaxSendMessageSize(-1);
  // Else two servers could share the port, and each would get some of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  for (std::uint32_t i = 0; i < config.threads; ++i) {
    workers_.push_back(
        std::make_unique<worker>(context_, *service_, builder.AddCompletionQueue(), open_calls_));
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    workers_.clear();
    service_.reset();
    return false;
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->run("sp.grpc-" + std::to_string(i));
  }
  return true;
}

void grpc_server::close() {
  if (server_ == nullptr) {
    return;
  }
  server_->Shutdown(
      gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(end_ms, GPR_TIMESPAN)));
  workers_.clear();  // joins
  server_.reset();
  service_.reset();
}

void grpc_server::health_changed() {
  for (const auto& one : workers_) {
    one->health_changed();
  }
}

}  // namespace grpc_source
