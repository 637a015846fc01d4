// The TLS of both listeners, as OpenSSL sees it.
#pragma once
#include <boost/asio/ssl/context.hpp>

#include "settings.hpp"

namespace grpc_source {

// TLS 1.2 and later; with `ca` a client has to show a certificate. Throws refused, which names
// the key whose file is wrong: create does this once to find out.
[[nodiscard]] boost::asio::ssl::context tls_of(const tls_settings& from);

}  // namespace grpc_source
