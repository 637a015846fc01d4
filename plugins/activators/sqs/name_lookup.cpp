#include "name_lookup.hpp"

#include <netinet/in.h>

#include <cstring>
#include <mutex>

namespace sqs {

struct name_lookup::request {
  std::string host, port;
  addrinfo hints{};
  gaicb block{};
  int refused = 0;  // why it could not be started
};

namespace {

// Requests that the C library could not be talked out of, for the life of the process.
template <class Request>
void keep_for_ever(std::unique_ptr<Request> request) {
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::unique_ptr<Request>>();
  const std::lock_guard hold(mutex);
  kept.push_back(std::move(request));
}

}  // namespace

name_lookup::name_lookup(const std::string& host, std::uint16_t port)
    : request_(std::make_unique<request>()) {
  request_->host = host;
  request_->port = std::to_string(port);
  request_->hints.ai_socktype = SOCK_STREAM;
  request_->hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  request_->block.ar_name = request_->host.c_str();
  request_->block.ar_service = request_->port.c_str();
  request_->block.ar_request = &request_->hints;
  gaicb* const one = &request_->block;
  request_->refused = ::getaddrinfo_a(GAI_NOWAIT, const_cast<gaicb**>(&one), 1, nullptr);
}

name_lookup::~name_lookup() {
  if (request_->refused != 0) {
    return;
  }
  if (!done()) {
    (void)::gai_cancel(&request_->block);
  }
  if (!done()) {
    keep_for_ever(std::move(request_));
  } else if (request_->block.ar_result != nullptr) {
    ::freeaddrinfo(request_->block.ar_result);
  }
}

bool name_lookup::done() const noexcept {
  return request_->refused != 0 || ::gai_error(&request_->block) != EAI_INPROGRESS;
}

std::vector<boost::asio::ip::tcp::endpoint> name_lookup::addresses(std::string& why) const {
  std::vector<boost::asio::ip::tcp::endpoint> out;
  const int failed = request_->refused != 0 ? request_->refused : ::gai_error(&request_->block);
  if (failed != 0) {
    why = request_->host + ": " + ::gai_strerror(failed);
    return out;
  }
  for (const addrinfo* a = request_->block.ar_result; a != nullptr; a = a->ai_next) {
    if (a->ai_family == AF_INET || a->ai_family == AF_INET6) {
      boost::asio::ip::tcp::endpoint one;
      one.resize(a->ai_addrlen);
      std::memcpy(one.data(), a->ai_addr, a->ai_addrlen);
      out.push_back(one);
    }
  }
  if (out.empty()) {
    why = request_->host + " has no address";
  }
  return out;
}

}  // namespace sqs
