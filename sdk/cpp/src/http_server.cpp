#include "http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include "connection.hpp"

namespace spawn::sdk::detail {

namespace {

constexpr std::uint64_t listener_token = ~std::uint64_t{0};
constexpr std::uint64_t stop_token = ~std::uint64_t{0} - 1;
constexpr int events_max = 64;

[[noreturn]] void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void watch(int epoll, int fd, std::uint32_t events, std::uint64_t token) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = token;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
    throw_errno("epoll_ctl");
  }
}

struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

socket_address to_address(const std::string& text, std::uint16_t port) {
  socket_address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
  } else {
    throw std::invalid_argument("listen address \"" + text + "\" is not an IP address");
  }
  return address;
}

}  // namespace

http_server::http_server(request_sink& sink) : sink_(sink) {}

http_server::~http_server() {
  request_stop();
  join();
  for (const int fd : {epoll_, listener_, stop_event_}) {
    if (fd >= 0) {
      ::close(fd);
    }
  }
}

void http_server::listen(const server_options& options) {
  options_ = options;
  const auto address = to_address(options.address, options.port);
  const std::string place = "listen on " + options.address + ":" + std::to_string(options.port);
  listener_ = ::socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener_ < 0) {
    throw_errno(place);
  }
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address.storage), address.size) != 0 ||
      ::listen(listener_, SOMAXCONN) != 0) {
    throw_errno(place);
  }
  socket_address bound;
  bound.size = sizeof(bound.storage);
  if (::getsockname(listener_, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size) != 0) {
    throw_errno(place);
  }
  // The port is at the same place in both families.
  port_ = ntohs(reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  stop_event_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (epoll_ < 0 || stop_event_ < 0) {
    throw_errno("make the event loop");
  }
  watch(epoll_, listener_, EPOLLIN, listener_token);
  watch(epoll_, stop_event_, EPOLLIN, stop_token);
}

void http_server::start() {
  // Never moved again, so that workers look slots up without the mutex: the event that names a slot
  // comes after the slot was filled.
  table_.resize(options_.connections_max);
  for (unsigned i = 0; i < options_.threads; ++i) {
    workers_.emplace_back([this, i] { work(i); });
    ::pthread_setname_np(workers_.back().native_handle(), ("sdk-" + std::to_string(i)).c_str());
  }
}

void http_server::request_stop() {
  stopping_.store(true, std::memory_order_release);
  if (stop_event_ >= 0) {
    // Never read again, so it wakes every worker.
    static_cast<void>(::eventfd_write(stop_event_, 1));
  }
}

void http_server::join() {
  for (auto& worker : workers_) {
    worker.join();
  }
  workers_.clear();
}

void http_server::work(unsigned worker) {
  std::array<epoll_event, events_max> events;
  // One event at a time when there are others to take the next one: an action may block.
  const int wanted = options_.threads == 1 ? events_max : 1;
  std::string out;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int n = ::epoll_wait(epoll_, events.data(), wanted, -1);
    for (int i = 0; i < n; ++i) {
      const auto token = events[static_cast<std::size_t>(i)].data.u64;
      if (token == stop_token) {
        return;
      }
      if (token == listener_token) {
        accept_all();
        continue;
      }
      connection* claimed = table_[connection::slot_of(token)].get();
      if (!claimed->claim(connection::generation_of(token))) {
        continue;
      }
      bool until_empty =
          (events[static_cast<std::size_t>(i)].events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
      while (true) {
        if (!claimed->serve(worker, sink_, options_.body_max, until_empty, out)) {
          close_connection(*claimed);
          break;
        }
        if (claimed->release()) {
          break;
        }
        until_empty = true;
      }
    }
  }
}

void http_server::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        // The listener stays ready: without a pause this would spin.
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    std::uint64_t token = 0;
    {
      const std::lock_guard lock(table_mutex_);
      if (free_.empty() && used_ == options_.connections_max) {
        ::close(fd);
        continue;
      }
      if (free_.empty()) {
        table_[used_] = std::make_unique<connection>(used_);
        free_.push_back(used_++);
      }
      token = table_[free_.back()]->open(fd);
      free_.pop_back();
    }
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = token;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
      close_connection(*table_[connection::slot_of(token)]);
    }
  }
}

void http_server::close_connection(connection& closing) {
  const std::lock_guard lock(table_mutex_);
  closing.close();
  free_.push_back(closing.slot());
}

}  // namespace spawn::sdk::detail
