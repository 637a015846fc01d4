// The socket of a connection, with the checks of a server's certificate done by OpenSSL itself: it
// knows names and addresses, and the system's authorities.
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "link.hpp"

namespace rabbitmq {

namespace {

// X509_VERIFY_PARAM_set1_ip_asc says no to what is no address.
bool expect_host(SSL_CTX* context, const std::string& host) {
  X509_VERIFY_PARAM* const checks = SSL_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_hostflags(checks, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_ip_asc(checks, host.c_str()) == 1 ||
         X509_VERIFY_PARAM_set1_host(checks, host.c_str(), host.size()) == 1;
}

void demand(bool holds, const char* what) {
  if (!holds) {
    throw link_lost(what);
  }
}

}  // namespace

amqp_socket_t* make_socket(amqp_connection_state_t state, const settings& how) {
  if (!how.tls.on) {
    amqp_socket_t* const plain = amqp_tcp_socket_new(state);
    demand(plain != nullptr, "no memory for a socket");
    return plain;
  }
  amqp_socket_t* const made = amqp_ssl_socket_new(state);
  demand(made != nullptr, "no memory for a TLS socket");
  auto* const context = static_cast<SSL_CTX*>(amqp_ssl_socket_get_context(made));
  (void)amqp_ssl_socket_set_ssl_versions(made, AMQP_TLSv1_2, AMQP_TLSvLATEST);
  if (!how.tls.ca.empty()) {
    demand(amqp_ssl_socket_set_cacert(made, how.tls.ca.c_str()) == AMQP_STATUS_OK,
           "config: tls.ca can not be read as certificates");
  } else {
    demand(SSL_CTX_set_default_verify_paths(context) == 1, "the system's authorities are missing");
  }
  if (!how.tls.cert.empty()) {
    demand(
        amqp_ssl_socket_set_key(made, how.tls.cert.c_str(), how.tls.key.c_str()) == AMQP_STATUS_OK,
        "config: tls.cert and tls.key can not be read as a certificate and its key");
  }
  amqp_ssl_socket_set_verify_peer(made, how.tls.verify == checking::none ? 0 : 1);
  amqp_ssl_socket_set_verify_hostname(made, 0);  // expect_host does it
  if (how.tls.verify == checking::full) {
    demand(expect_host(context, how.host), "config: host can not be checked");
  }
  return made;
}

}  // namespace rabbitmq
