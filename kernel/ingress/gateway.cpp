#include "ingress/gateway.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <ctime>

namespace spawn {
namespace ip = boost::asio::ip;

const std::string& http_date(gateway& g) {
  const std::int64_t second = g.home.unix_ms() / 1'000;
  if (second != g.date_second) {
    const std::time_t when = second;
    std::tm utc{};
    ::gmtime_r(&when, &utc);
    char text[40];
    const auto n = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    g.date.assign(text, n);
    g.date_second = second;
  }
  return g.date;
}

bool is_ip_address(const std::string& text) {
  boost::system::error_code failed;
  static_cast<void>(ip::make_address(text == "localhost" ? "127.0.0.1" : text, failed));
  return !failed;
}

bool is_trusted(const gateway& g, const http_request& request) {
  if (request.from_loopback) {
    return true;
  }
  boost::system::error_code failed;
  const auto peer = ip::make_address(request.remote_address, failed);
  if (failed) {
    return false;
  }
  for (const auto& entry : g.options.trusted) {
    const std::string network =
        entry.find('/') == std::string::npos ? entry + (peer.is_v4() ? "/32" : "/128") : entry;
    if (peer.is_v4()) {
      const auto net = ip::make_network_v4(network, failed);
      if (!failed && net.hosts().find(peer.to_v4()) != net.hosts().end()) {
        return true;
      }
      if (!failed && net.address() == peer.to_v4()) {
        return true;
      }
    } else {
      const auto net = ip::make_network_v6(network, failed);
      if (!failed && net.hosts().find(peer.to_v6()) != net.hosts().end()) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace spawn
