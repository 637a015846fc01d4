#include "overload/crowd.hpp"

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

crowd::crowd(std::uint16_t port, std::uint32_t callers, std::uint32_t actors, std::size_t bytes,
             std::uint32_t patience_ms)
    : patience_ms_(patience_ms), epoll_(::epoll_create1(EPOLL_CLOEXEC)), callers_(callers) {
  const sockaddr_in to = loopback(port);
  for (std::uint32_t i = 0; i < callers; ++i) {
    caller& c = callers_[i];
    c.request = bulky_request(i % actors, bytes);
    c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
      throw std::runtime_error(std::string("connecting: ") + std::strerror(errno));
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = i;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
  }
}

crowd::~crowd() {
  for (const auto& each : callers_) {
    ::close(each.fd);
  }
  ::close(epoll_);
}

crowd_facts crowd::run(double warmup_s, double seconds) {
  const auto from = clock::now() + std::chrono::duration_cast<clock::duration>(
                                       std::chrono::duration<double>(warmup_s));
  const auto until =
      from + std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(seconds));
  std::array<epoll_event, 256> events;
  auto now = clock::now();
  auto swept = now - std::chrono::seconds(1);
  while (now < until) {
    if (now - swept > std::chrono::milliseconds(5)) {
      swept = now;
      for (auto& c : callers_) {
        if (!c.waiting && c.rest_until <= now) {
          ask(c);
        }
      }
    }
    const int n = ::epoll_wait(epoll_, events.data(), events.size(), 5);
    now = clock::now();
    for (int i = 0; i < n; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      caller& c = callers_[event.data.u32];
      if ((event.events & EPOLLOUT) != 0) {
        send(c);
      }
      if ((event.events & ~EPOLLOUT) != 0) {
        receive(c, now, now >= from && now < until);
      }
    }
  }
  facts_.seconds = seconds;
  return facts_;
}

void crowd::ask(caller& c) {
  c.waiting = true;
  c.sent = 0;
  send(c);
}

void crowd::send(caller& c) {
  const bool was_short = c.sent != 0;
  const auto sent = ::send(c.fd, c.request.data() + c.sent, c.request.size() - c.sent,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
  c.sent += sent > 0 ? static_cast<std::size_t>(sent) : 0;
  const bool is_short = c.sent != c.request.size();
  if (is_short || was_short) {
    epoll_event event{};
    event.events = is_short ? EPOLLIN | EPOLLOUT : EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(&c - callers_.data());
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
  }
}

void crowd::receive(caller& c, clock::time_point now, bool counts) {
  const io state = c.in.receive(c.fd);
  http_message got;
  while (c.in.next(got)) {
    c.waiting = false;
    if (got.status() == 503) {
      facts_.refused += counts ? 1 : 0;
      refused(c, got, now);
      continue;
    }
    const answer said = read_answer(got.body);
    if (got.status() != 200 || !said.ok) {
      complain("HTTP " + std::to_string(got.status()) + ", " + said.text);
    }
    facts_.good += counts && said.ok ? 1 : 0;
    ask(c);
  }
  if (state == io::closed) {
    complain("a connection was closed");
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, c.fd, nullptr);
    c.waiting = true;  // for ever
  }
}

void crowd::refused(caller& c, const http_message& got, clock::time_point now) {
  const auto retry_after = got.number("retry-after:");
  const answer said = read_answer(got.body);
  if (retry_after < 1) {
    complain("a 503 without Retry-After: " + said.text);
  } else if (!said.readable || said.code != "RESOURCE_EXHAUSTED") {
    complain("a 503 whose body says: " + said.text);
  }
  c.rest_until = now + (patience_ms_ != 0 ? std::chrono::milliseconds(patience_ms_)
                                          : std::chrono::milliseconds(retry_after * 1000));
}

void crowd::complain(const std::string& text) {
  if (facts_.complaint.empty()) {
    facts_.complaint = text;
  }
}

}  // namespace torture
