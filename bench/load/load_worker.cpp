#include "load_worker.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <queue>
#include <stdexcept>
#include <utility>

namespace spawn::bench {

namespace {

constexpr std::size_t buffer_bytes = 64 * 1024;
constexpr int events_max = 256;

struct loop {
  int fd = -1;
  std::uint64_t call = 0;  // number of the call that is under way
  unsigned part = 0;       // which of its requests
  time_point asked;        // when the call began
  std::string unsent;      // the rest of a request that the socket did not take
  std::string received;
};

// Life cycle: one run. Thread: one.
class load_worker {
 public:
  load_worker(const load_plan& plan, unsigned stride) : plan_(plan), stride_(stride) {}
  ~load_worker() {
    for (const auto& each : loops_) {
      if (each.fd >= 0) {
        ::close(each.fd);
      }
    }
    ::close(epoll_);
  }
  load_worker(const load_worker&) = delete;
  load_worker& operator=(const load_worker&) = delete;

  load_counts run(unsigned first, unsigned connections) {
    loops_.resize(connections);
    for (unsigned i = 0; i < connections; ++i) {
      loops_[i].call = first + i;
      open(loops_[i]);
    }
    std::array<epoll_event, events_max> events;
    auto now = std::chrono::steady_clock::now();
    while (now < plan_.measure_until && alive_ != 0) {
      const time_point wake =
          due_.empty() ? plan_.measure_until : std::min(due_.top().first, plan_.measure_until);
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(wake - now).count();
      const int n = ::epoll_wait(epoll_, events.data(), events_max,
                                 static_cast<int>(std::max<std::int64_t>(left, 0)));
      for (int i = 0; i < n; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        advance(*static_cast<loop*>(event.data.ptr), (event.events & EPOLLOUT) != 0);
      }
      now = std::chrono::steady_clock::now();
      for (; !due_.empty() && due_.top().first <= now; due_.pop()) {
        ask(*due_.top().second, now);
      }
    }
    return std::move(counts_);
  }

 private:
  void open(loop& at) {
    try {
      at.fd = connect_to(plan_.to);
    } catch (const std::runtime_error& error) {
      fail(error.what());
      return;
    }
    ++alive_;
    at.received.clear();
    at.unsent.clear();
    at.part = 0;
    watch(at, EPOLL_CTL_ADD, EPOLLIN);
    ask(at, std::chrono::steady_clock::now());
  }

  // Ends a loop that has made its calls.
  void close(loop& at) {
    ::close(at.fd);
    at.fd = -1;
    --alive_;
  }

  // A broken connection is opened again once; a target that is gone ends its loops.
  void reopen(loop& at, const std::string& why) {
    fail(why);
    close(at);
    at.call += stride_;
    open(at);
  }

  void fail(const std::string& why) {
    if (counts_.first_error.empty()) {
      counts_.first_error = why;
    }
    ++counts_.errors;
  }

  void watch(loop& at, int operation, std::uint32_t wanted) {
    epoll_event event{};
    event.events = wanted;
    event.data.ptr = &at;
    ::epoll_ctl(epoll_, operation, at.fd, &event);
  }

  void ask(loop& at, time_point now) {
    if (plan_.calls_max != 0 && at.call >= plan_.calls_max) {
      close(at);
      return;
    }
    if (at.part == 0 && plan_.interval.count() != 0) {
      const time_point due = plan_.measure_from + at.call * plan_.interval;
      if (due > now) {
        due_.emplace(due, &at);
        return;
      }
      now = due;
    }
    const std::string& request =
        (*plan_.requests)[(at.call * plan_.requests_per_call + at.part) % plan_.requests->size()];
    at.asked = at.part == 0 ? now : at.asked;
    const auto sent = ::send(at.fd, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent == static_cast<ssize_t>(request.size())) {
      return;
    }
    // A failed send shows again as a failed read.
    at.unsent = request.substr(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    watch(at, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }

  void advance(loop& at, bool writable) {
    if (writable && !at.unsent.empty()) {
      const auto sent =
          ::send(at.fd, at.unsent.data(), at.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      at.unsent.erase(0, sent > 0 ? static_cast<std::size_t>(sent) : 0);
      if (at.unsent.empty()) {
        watch(at, EPOLL_CTL_MOD, EPOLLIN);
      }
    }
    const auto got = ::recv(at.fd, buffer_.get(), buffer_bytes, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
      return;
    }
    if (got <= 0) {
      reopen(at, got == 0 ? "the connection was closed" : std::strerror(errno));
      return;
    }
    std::string_view bytes(buffer_.get(), static_cast<std::size_t>(got));
    if (!at.received.empty()) {
      bytes = at.received.append(bytes);
    }
    const auto head = read_head(bytes);
    if (head.complete && !head.valid) {
      reopen(at, "the answer is not HTTP/1.1 with a content-length");
    } else if (!head.complete || bytes.size() < head.body_at + head.body_bytes) {
      if (at.received.empty()) {
        at.received = bytes;
      }
    } else {
      finish(at, head, bytes.substr(head.body_at, head.body_bytes));
    }
  }

  void finish(loop& at, const http_head& head, std::string_view body) {
    const auto now = std::chrono::steady_clock::now();
    const bool good = head.status == 200 && is_good(body, plan_.wanted);
    const bool ended = !good || ++at.part == plan_.requests_per_call;
    if (ended && at.asked >= plan_.measure_from && now < plan_.measure_until) {
      if (good) {
        counts_.latency.record(static_cast<std::uint64_t>((now - at.asked).count()));
      } else {
        counts_.refused += head.status == 503 ? 1 : 0;
        fail("HTTP " + std::to_string(head.status) + ", body of " + std::to_string(body.size()) +
             " bytes");
      }
    }
    at.received.clear();
    if (ended) {
      at.part = 0;
      at.call += stride_;
    }
    if (now < plan_.measure_until) {
      ask(at, now);
    }
  }

  const load_plan& plan_;
  const unsigned stride_;
  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<loop> loops_;
  unsigned alive_ = 0;
  load_counts counts_;
  using due_call = std::pair<time_point, loop*>;
  std::priority_queue<due_call, std::vector<due_call>, std::greater<>> due_;
  const std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(buffer_bytes);
};

}  // namespace

void load_counts::merge(const load_counts& other) {
  latency.merge(other.latency);
  errors += other.errors;
  refused += other.refused;
  if (first_error.empty()) {
    first_error = other.first_error;
  }
}

int connect_to(const target& to) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(to.host.c_str(), std::to_string(to.port).c_str(), &hints, &found) != 0) {
    throw std::runtime_error(to.authority + ": no such host");
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  const int fd = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ::connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) {
      ::close(fd);
    }
    throw std::runtime_error(to.authority + ": " + why);
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return fd;
}

void ask_once(const target& to, const std::string& request, expectation wanted) {
  const int fd = connect_to(to);
  std::string bytes;
  std::string_view left = request;
  bool broken = false;
  while (!left.empty() && !broken) {
    const auto sent = ::send(fd, left.data(), left.size(), MSG_NOSIGNAL);
    broken = sent < 0;
    left.remove_prefix(broken ? 0 : static_cast<std::size_t>(sent));
  }
  http_head head;
  while (!broken && (!head.complete || bytes.size() < head.body_at + head.body_bytes)) {
    std::array<char, 4096> piece;
    const auto got = ::recv(fd, piece.data(), piece.size(), 0);
    broken = got <= 0;
    bytes.append(piece.data(), broken ? 0 : static_cast<std::size_t>(got));
    head = read_head(bytes);
  }
  ::close(fd);
  if (broken || head.status != 200 ||
      !is_good(std::string_view(bytes).substr(head.body_at, head.body_bytes), wanted)) {
    throw std::runtime_error(to.authority + ": bad answer, " +
                             (broken ? std::string("the connection was closed")
                                     : "HTTP " + std::to_string(head.status)));
  }
}

load_counts run_load(const load_plan& plan, unsigned first, unsigned connections, unsigned stride) {
  return load_worker(plan, stride).run(first, connections);
}

}  // namespace spawn::bench
