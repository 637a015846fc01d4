// name_lookup: the addresses of a host, asked for without holding up the thread. The C library does
// the work on threads of its own, so a name server that never answers delays nobody's end.
#pragma once
#include <netdb.h>

#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sqs {

class name_lookup {
 public:
  // Starts it.
  name_lookup(const std::string& host, std::uint16_t port);
  name_lookup(const name_lookup&) = delete;
  name_lookup& operator=(const name_lookup&) = delete;
  // One that is not done is given up; what the C library still writes to then stays.
  ~name_lookup();

  [[nodiscard]] bool done() const noexcept;
  // When done. Empty: `why` says it.
  [[nodiscard]] std::vector<boost::asio::ip::tcp::endpoint> addresses(std::string& why) const;

 private:
  struct request;
  std::unique_ptr<request> request_;
};

}  // namespace sqs
