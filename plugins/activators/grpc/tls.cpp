#include "tls.hpp"

#include <boost/asio/buffer.hpp>
#include <string>

namespace grpc_source {

namespace ssl = boost::asio::ssl;

boost::asio::ssl::context tls_of(const tls_settings& from) {
  ssl::context out(ssl::context::tls_server);
  out.set_options(ssl::context::no_tlsv1 | ssl::context::no_tlsv1_1);
  boost::system::error_code failed;
  const auto check = [&failed](const char* key) {
    if (failed) {
      throw spawn::plugin::refused(SPAWN_E_INVALID, std::string("config: tls.") + key +
                                                        " can not be used: " + failed.message());
    }
  };
  out.use_certificate_chain(boost::asio::buffer(from.cert), failed);
  check("cert");
  out.use_private_key(boost::asio::buffer(from.key), ssl::context::pem, failed);
  check("key");
  if (!from.ca.empty()) {
    out.add_certificate_authority(boost::asio::buffer(from.ca), failed);
    check("ca");
    out.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  return out;
}

}  // namespace grpc_source
