#include "channel.hpp"

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace pubsub {

namespace {

// A token is made anew when it has less than this left.
constexpr std::int64_t token_spare_seconds = 300;
constexpr const char* audience = "https://pubsub.googleapis.com/";
// gRPC's own steps between tries to connect, with its own jitter.
constexpr int connect_again_least_ms = 200;
constexpr int connect_again_most_ms = 5'000;
constexpr int keepalive_answer_ms = 10'000;
constexpr int message_bytes_most = 64 << 20;

// Puts the service account's token on each call, on threads of gRPC.
class signed_tokens : public grpc::MetadataCredentialsPlugin {
 public:
  signed_tokens(std::shared_ptr<const service_account> account, spawn::plugin::host_ref host)
      : account_(std::move(account)), host_(host) {}

  bool IsBlocking() const override { return false; }

  grpc::Status GetMetadata(grpc::string_ref, grpc::string_ref, const grpc::AuthContext&,
                           std::multimap<grpc::string, grpc::string>* out) override {
    try {
      out->emplace("authorization", "Bearer " + token());
      return grpc::Status::OK;
    } catch (const std::exception& e) {
      return {grpc::StatusCode::UNAUTHENTICATED, e.what()};
    }
  }

 private:
  std::string token() {
    const std::int64_t now = host_.unix_ms() / 1000;
    const std::lock_guard hold(mutex_);
    if (token_.empty() || now >= made_ + token_seconds - token_spare_seconds || now < made_) {
      token_ = account_->token(audience, now);
      made_ = now;
    }
    return token_;
  }

  const std::shared_ptr<const service_account> account_;
  const spawn::plugin::host_ref host_;
  std::mutex mutex_;
  std::string token_;
  std::int64_t made_ = 0;  // unix seconds
};

// As gRPC wants it where not all of the server's certificate is looked at.
std::shared_ptr<grpc::ChannelCredentials> lax_tls(const settings& s) {
  namespace tls = grpc::experimental;
  tls::TlsChannelCredentialsOptions options;
  std::vector<tls::IdentityKeyCertPair> own;
  if (!s.cert_pem.empty()) {
    own.push_back({s.key_pem, s.cert_pem});
    options.watch_identity_key_cert_pairs();
  }
  if (!s.ca_pem.empty()) {
    options.watch_root_certs();
  }
  if (!own.empty() || !s.ca_pem.empty()) {
    options.set_certificate_provider(
        std::make_shared<tls::StaticDataCertificateProvider>(s.ca_pem, own));
  }
  options.set_verify_server_certs(s.verify == verify_mode::ca);
  options.set_certificate_verifier(std::make_shared<tls::NoOpCertificateVerifier>());
  options.set_check_call_host(false);
  return tls::TlsCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> connection_credentials(const settings& s) {
  if (!s.tls) {
    return grpc::InsecureChannelCredentials();
  }
  if (s.verify != verify_mode::full) {
    return lax_tls(s);
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = s.ca_pem;
  options.pem_cert_chain = s.cert_pem;
  options.pem_private_key = s.key_pem;
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::CallCredentials> caller_credentials(const settings& s,
                                                          spawn::plugin::host_ref host) {
  switch (s.auth) {
    case auth_mode::key_file:
      return grpc::MetadataCredentialsFromPlugin(std::make_unique<signed_tokens>(s.account, host));
    case auth_mode::metadata:
      return grpc::GoogleComputeEngineCredentials();
    case auth_mode::none:
      break;
  }
  return nullptr;
}

}  // namespace

std::shared_ptr<grpc::Channel> make_channel(const settings& s, spawn::plugin::host_ref host) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, connect_again_least_ms);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, static_cast<int>(s.call_ms));
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, connect_again_most_ms);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(s.keepalive_ms));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_answer_ms);
  // Instances share no connection, and so no trouble.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(message_bytes_most);
  auto credentials = connection_credentials(s);
  if (const auto caller = caller_credentials(s, host)) {
    credentials = grpc::CompositeChannelCredentials(credentials, caller);
  }
  return grpc::CreateCustomChannel(s.endpoint, credentials, arguments);
}

}  // namespace pubsub
