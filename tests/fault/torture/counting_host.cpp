#include "torture/counting_host.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "torture/messages.hpp"

namespace torture {

namespace {

constexpr int backlog = 1024;
constexpr int poll_ms = 50;

void watch(int epoll, int fd, int operation, std::uint32_t wanted) {
  epoll_event event{};
  event.events = wanted;
  event.data.fd = fd;
  ::epoll_ctl(epoll, operation, fd, &event);
}

}  // namespace

counting_host::counting_host()
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  sockaddr_in at = loopback(0);
  socklen_t size = sizeof(at);
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      ::listen(listener_, backlog) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    throw std::runtime_error(std::string("the host cannot listen: ") + std::strerror(errno));
  }
  port_ = ntohs(at.sin_port);
  watch(epoll_, listener_, EPOLL_CTL_ADD, EPOLLIN);
}

counting_host::~counting_host() {
  stop();
  for (const auto& [fd, each] : connections_) {
    ::close(fd);
  }
  ::close(listener_);
  ::close(epoll_);
}

void counting_host::start() {
  thread_ = std::thread([this] { run(); });
}

void counting_host::stop() {
  over_ = true;
  if (thread_.joinable()) {
    thread_.join();
  }
}

void counting_host::run() {
  std::array<epoll_event, 128> events;
  while (!over_) {
    const int n = ::epoll_wait(epoll_, events.data(), events.size(), poll_ms);
    for (int i = 0; i < n; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.fd == listener_) {
        accept_all();
      } else {
        serve(event.data.fd);
      }
    }
  }
}

void counting_host::accept_all() {
  while (true) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connections_.try_emplace(fd);
    watch(epoll_, fd, EPOLL_CTL_ADD, EPOLLIN);
  }
}

void counting_host::serve(int fd) {
  connection& c = connections_.at(fd);
  const io state = c.in.receive(fd);
  http_message request;
  while (c.in.next(request)) {
    c.unsent += answer(request.body);
  }
  if (state == io::closed) {
    drop(fd);
    return;
  }
  send(fd, c);
}

void counting_host::send(int fd, connection& c) {
  const auto sent = ::send(fd, c.unsent.data(), c.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  c.unsent.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
  watch(epoll_, fd, EPOLL_CTL_MOD, c.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

void counting_host::drop(int fd) {
  connections_.erase(fd);
  // close() alone does not end the watch while a child process is being made with a copy of it.
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  ::close(fd);
}

std::string counting_host::answer(std::string_view body) {
  const host_call call = read_host_call(body);
  calls_.fetch_add(1, std::memory_order_relaxed);
  if (!call.readable || call.actor.empty()) {
    ++unreadable_;
    return "HTTP/1.1 500 Unreadable\r\ncontent-length: 0\r\n\r\n";
  }
  if (call.action != action_name || !call.has_id) {
    return host_answer(call, call.state_any, 0);
  }
  auto state = call.state_any.empty() ? applied{} : applied::decode(call.state_value);
  if (!state) {
    ++unreadable_;
    return "HTTP/1.1 500 Unreadable\r\ncontent-length: 0\r\n\r\n";
  }
  state->add(call.id);
  auto ran = executed_.find(call.actor);
  if (ran == executed_.end()) {
    ran = executed_.emplace(call.actor, applied{}).first;
  }
  ran->second.add(call.id);
  return host_answer(call, state_any(*state), state->updates);
}

}  // namespace torture
