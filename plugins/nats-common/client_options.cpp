#include "nats-common/client_options.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "nats-common/nkey.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace nats_common {

namespace {

using spawn::plugin::refused;

constexpr std::int64_t write_ms = 2'000;  // a server that takes nothing: the connection is lost
constexpr int pings_unanswered = 2;
constexpr int pending_messages = 65'536;  // in the library, before our own bounds

void must(natsStatus status, const char* key) {
  if (status != NATS_OK) {
    throw refused(SPAWN_E_INVALID,
                  std::string("config: ") + key + ": " + natsStatus_GetText(status));
  }
}

natsStatus sign(char** error, unsigned char** signature, int* size, const char* nonce,
                void* closure) {
  *error = nullptr;
  return nats_Sign(static_cast<const connection_settings*>(closure)->nkey_seed.c_str(), nonce,
                   signature, size);
}

// The library frees what it is given.
natsStatus hand_out_jwt(char** jwt, char** error, void* closure) {
  *error = nullptr;
  *jwt = ::strdup(static_cast<const connection_settings*>(closure)->jwt.c_str());
  return *jwt == nullptr ? NATS_NO_MEMORY : NATS_OK;
}

void set_identity(natsOptions* o, const connection_settings& s) {
  if (!s.username.empty()) {
    must(natsOptions_SetUserInfo(o, s.username.c_str(), s.password.c_str()), "username");
  }
  if (!s.token.empty()) {
    must(natsOptions_SetToken(o, s.token.c_str()), "token");
  }
  if (!s.credentials.empty()) {
    if (::access(s.credentials.c_str(), R_OK) != 0) {
      throw refused(SPAWN_E_INVALID,
                    "config: credentials: " + s.credentials + ": " + std::strerror(errno));
    }
    must(natsOptions_SetUserCredentialsFromFiles(o, s.credentials.c_str(), nullptr), "credentials");
  }
  if (s.nkey_seed.empty()) {
    return;
  }
  const auto name = public_nkey_of(s.nkey_seed);
  if (!name) {
    throw refused(SPAWN_E_INVALID, "config: nkey_seed is not the seed of a user (SU...)");
  }
  void* const closure = const_cast<connection_settings*>(&s);
  if (s.jwt.empty()) {
    must(natsOptions_SetNKey(o, name->c_str(), sign, closure), "nkey_seed");
  } else {
    must(natsOptions_SetUserCredentialsCallbacks(o, hand_out_jwt, closure, sign, closure), "jwt");
  }
}

void set_tls(natsOptions* o, const tls_settings& tls) {
  if (!tls.on) {
    return;
  }
  must(natsOptions_SetSecure(o, true), "tls");
  if (!tls.ca.empty()) {
    must(natsOptions_LoadCATrustedCertificates(o, tls.ca.c_str()), "tls.ca");
  }
  if (!tls.cert.empty()) {
    must(natsOptions_LoadCertificatesChain(o, tls.cert.c_str(), tls.key.c_str()), "tls.cert");
  }
  if (!tls.server_name.empty()) {
    must(natsOptions_SetExpectedHostname(o, tls.server_name.c_str()), "tls.server_name");
  }
  must(natsOptions_SkipServerVerification(o, !tls.verify), "tls.verify");
}

}  // namespace

options_ptr make_options(const connection_settings& s, const std::string& server) {
  natsOptions* made = nullptr;
  must(natsOptions_Create(&made), "url");
  options_ptr options(made);
  natsOptions* o = options.get();
  const char* one = server.c_str();
  must(natsOptions_SetServers(o, &one, 1), "url");
  must(natsOptions_SetIgnoreDiscoveredServers(o, true), "url");
  must(natsOptions_SetName(o, s.name.c_str()), "client_name");
  must(natsOptions_SetTimeout(o, s.connect_ms), "connect_ms");
  must(natsOptions_SetPingInterval(o, s.ping_ms), "ping_ms");
  must(natsOptions_SetMaxPingsOut(o, pings_unanswered), "ping_ms");
  // Coming back is ours: the library gives up after two refusals of one server.
  must(natsOptions_SetAllowReconnect(o, false), "url");
  must(natsOptions_SetWriteDeadline(o, write_ms), "url");
  must(natsOptions_SetMaxPendingMsgs(o, pending_messages), "url");
  must(natsOptions_UseGlobalMessageDelivery(o, true), "url");
  must(natsOptions_SetSendAsap(o, true), "url");
  set_identity(o, s);
  set_tls(o, s.tls);
  return options;
}

}  // namespace nats_common
