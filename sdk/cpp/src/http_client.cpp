#include "http_client.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

namespace spawn::sdk::detail {

namespace {

constexpr std::string_view timed_out = "timed out";
constexpr std::string_view cancelled = "cancelled";

std::string_view errno_text() {
  return std::strerror(errno);
}

}  // namespace

http_client::http_client(kernel_address to, int cancel_fd)
    : to_(std::move(to)), cancel_fd_(cancel_fd) {}

http_client::~http_client() {
  for (const int fd : idle_) {
    ::close(fd);
  }
}

std::string http_client::place() const {
  const bool v6 = to_.host.find(':') != std::string::npos;
  return (v6 ? "[" + to_.host + "]" : to_.host) + ":" + std::to_string(to_.port);
}

failure http_client::lost(failure::kind what, std::string_view why) const {
  std::string text = "kernel at " + place() + ": " + std::string(why);
  if (what == failure::kind::unknown) {
    text += "; the request may have been executed";
  }
  return {what, std::move(text)};
}

int http_client::wait(int fd, short events, time_point deadline) const {
  std::array<pollfd, 2> watched{pollfd{fd, events, 0}, pollfd{cancel_fd_, POLLIN, 0}};
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    const int n = ::poll(watched.data(), watched.size(),
                         static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (watched[1].revents != 0) {
      return -1;
    }
    return n > 0 ? 1 : 0;
  }
}

int http_client::take_idle() {
  const std::lock_guard lock(mutex_);
  while (!idle_.empty()) {
    const int fd = idle_.back();
    idle_.pop_back();
    char byte = 0;
    // Anything to read on an idle connection is its end.
    if (::recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) {
      return fd;
    }
    ::close(fd);
  }
  return -1;
}

void http_client::keep(int fd) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < connections_kept) {
    idle_.push_back(fd);
  } else {
    ::close(fd);
  }
}

result<int> http_client::connect(time_point deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      ::getaddrinfo(to_.host.c_str(), std::to_string(to_.port).c_str(), &hints, &found);
  if (error != 0) {
    return tl::unexpected(lost(failure::kind::not_sent, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int fd = ::socket(each->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      why = errno_text();
      continue;
    }
    int outcome = ::connect(fd, each->ai_addr, each->ai_addrlen) == 0 ? 0 : errno;
    if (outcome == EINPROGRESS) {
      const int ready = wait(fd, POLLOUT, deadline);
      if (ready != 1) {
        ::close(fd);
        return tl::unexpected(lost(failure::kind::not_sent, ready == 0 ? timed_out : cancelled));
      }
      socklen_t size = sizeof(outcome);
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &outcome, &size);
    }
    if (outcome == 0) {
      const int on = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      return fd;
    }
    ::close(fd);
    why = std::strerror(outcome);
  }
  return tl::unexpected(lost(failure::kind::not_sent, why));
}

result<void> http_client::write(int fd, std::string_view bytes, time_point deadline) const {
  auto what = failure::kind::not_sent;
  while (!bytes.empty()) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      what = failure::kind::unknown;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      const int ready = wait(fd, POLLOUT, deadline);
      if (ready != 1) {
        return tl::unexpected(lost(what, ready == 0 ? timed_out : cancelled));
      }
    } else if (errno != EINTR) {
      return tl::unexpected(lost(what, errno_text()));
    }
  }
  return {};
}

result<http_answer> http_client::read(int fd, time_point deadline, bool& reusable) const {
  namespace http = boost::beast::http;
  http::response_parser<http::string_body> parser;
  parser.eager(true);
  parser.body_limit(answer_bytes_max);
  std::vector<char> bytes(16 * 1024);
  std::size_t filled = 0;
  while (!parser.is_done()) {
    const int ready = wait(fd, POLLIN, deadline);
    if (ready != 1) {
      return tl::unexpected(lost(failure::kind::unknown, ready == 0 ? timed_out : cancelled));
    }
    if (filled == bytes.size()) {
      bytes.resize(bytes.size() * 2);
    }
    const auto got = ::recv(fd, bytes.data() + filled, bytes.size() - filled, 0);
    boost::system::error_code error;
    if (got < 0) {
      if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
        continue;
      }
      return tl::unexpected(lost(failure::kind::unknown, errno_text()));
    }
    if (got == 0) {
      // An end that completes a message: the body of an answer without a length.
      if (parser.got_some()) {
        parser.put_eof(error);
      }
      if (error || !parser.is_done()) {
        return tl::unexpected(
            lost(failure::kind::unknown, "the connection was closed before the answer"));
      }
      break;
    }
    filled += static_cast<std::size_t>(got);
    const auto used = parser.put(boost::asio::const_buffer(bytes.data(), filled), error);
    std::memmove(bytes.data(), bytes.data() + used, filled - used);
    filled -= used;
    if (error && error != http::error::need_more) {
      return tl::unexpected(
          lost(failure::kind::unknown, "the answer is not HTTP: " + error.message()));
    }
  }
  reusable = parser.keep_alive() && filled == 0;
  return http_answer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body())};
}

result<http_answer> http_client::post(const http_request& request,
                                      std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  int fd = take_idle();
  if (fd < 0) {
    auto connected = connect(deadline);
    if (!connected) {
      return tl::unexpected(std::move(connected.error()));
    }
    fd = *connected;
  }
  std::string bytes;
  bytes.reserve(request.target.size() + request.body.size() + 256);
  bytes.append("POST ").append(request.target).append(" HTTP/1.1\r\nhost: ").append(place());
  bytes.append(
      "\r\ncontent-type: application/octet-stream\r\naccept: application/octet-stream\r\n");
  bytes.append(request.extra_header);
  bytes.append("content-length: ").append(std::to_string(request.body.size()));
  bytes.append("\r\n\r\n").append(request.body);
  if (auto written = write(fd, bytes, deadline); !written) {
    ::close(fd);
    return tl::unexpected(std::move(written.error()));
  }
  bool reusable = false;
  auto answer = read(fd, deadline, reusable);
  if (answer && reusable) {
    keep(fd);
  } else {
    ::close(fd);
  }
  return answer;
}

}  // namespace spawn::sdk::detail
