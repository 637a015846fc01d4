#include "contract/common/gate.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "contract/common/check.hpp"

namespace contract {
namespace {

constexpr int round_ms = 20;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = ::htons(port);
  out.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  return out;
}

}  // namespace

gate::gate(std::uint16_t server_port, std::uint16_t own_port) : server_port_(server_port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int again = 1;  // a port that a gate had a moment ago
  (void)::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &again, sizeof(again));
  sockaddr_in at = loopback(own_port);
  socklen_t size = sizeof(at);
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 ||
      ::listen(listener_, 64) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    throw failed{"the gate can not listen"};
  }
  port_ = ::ntohs(at.sin_port);
  thread_ = std::thread([this] { run(); });
}

gate::~gate() {
  over_.store(true);
  thread_.join();
  ::close(listener_);
}

void gate::shut() {
  shut_.store(true);
  wait_rounds();
}

void gate::stall() {
  stalled_.store(true);
  wait_rounds();
}

// A round that began before is over, and a whole one after it.
void gate::wait_rounds() {
  const std::uint64_t until = rounds_.load() + 2;
  while (rounds_.load() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void gate::reset(const pair& one) {
  const linger at_once{1, 0};
  for (const int end : {one.client, one.server}) {
    (void)::setsockopt(end, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    ::close(end);
  }
}

void gate::accept_one() {
  pair made{::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC),
            ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const sockaddr_in to = loopback(server_port_);
  if (made.client < 0 || shut_.load() ||
      ::connect(made.server, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0) {
    return reset(made);
  }
  const int on = 1;
  for (const int end : {made.client, made.server}) {
    (void)::setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  }
  pairs_.push_back(made);
}

bool gate::pass_on(int from, int to) {
  std::array<char, 65'536> piece;
  const ssize_t got = ::recv(from, piece.data(), piece.size(), MSG_DONTWAIT);
  if (got < 0) {
    return errno == EAGAIN || errno == EINTR;
  }
  // An end that reads slowly holds the gate up, as a slow network would; one that does not read at
  // all for five seconds is given up.
  const timeval most{5, 0};
  (void)::setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof(most));
  for (ssize_t at = 0; at < got;) {
    const ssize_t sent =
        ::send(to, piece.data() + at, static_cast<std::size_t>(got - at), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    at += sent;
  }
  return got > 0;
}

void gate::run() {
  while (!over_.load()) {
    if (shut_.load()) {
      std::for_each(pairs_.begin(), pairs_.end(), reset);
      pairs_.clear();
    } else if (stalled_.load()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(round_ms));
      rounds_.fetch_add(1);
      continue;
    }
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (const pair& one : pairs_) {
      watched.push_back({one.client, POLLIN, 0});
      watched.push_back({one.server, POLLIN, 0});
    }
    (void)::poll(watched.data(), watched.size(), round_ms);
    std::vector<pair> kept;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const pair& one = pairs_[i];
      const bool fine = (watched[2 * i + 1].revents == 0 || pass_on(one.client, one.server)) &&
                        (watched[2 * i + 2].revents == 0 || pass_on(one.server, one.client));
      if (fine) {
        kept.push_back(one);
      } else {
        reset(one);
      }
    }
    pairs_ = std::move(kept);
    if (watched[0].revents != 0) {
      accept_one();
    }
    rounds_.fetch_add(1);
  }
  std::for_each(pairs_.begin(), pairs_.end(), reset);
}

}  // namespace contract
