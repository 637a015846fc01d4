#include "torture/load_client.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace torture {

namespace {

using std::chrono::duration;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int events_max = 256;
constexpr int tick_ms = 1;
constexpr int redial_ms = 4;
constexpr int refused_ms = 20;
constexpr std::uint64_t wait_us_max = 30'000;  // between an event's turn and the event
// One request in so many is in a hurry, so that some deadlines pass while the disk is full.
constexpr std::uint64_t hurried_share = 8;
constexpr std::uint32_t hurried_ms = 60;
constexpr std::uint32_t more_full_disks = 20;  // than planned

}  // namespace

load_client::load_client(const options& o, kernel_process& kernel, ledger& book)
    : o_(o), kernel_(kernel), book_(book), random_(o.seed), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  callers_.resize(std::size_t{o.actors} * o.slots);
  for (std::uint32_t i = 0; i < callers_.size(); ++i) {
    callers_[i].actor = i % o.actors;
    callers_[i].id.slot = i / o.actors;
  }
  plan();
}

load_client::~load_client() {
  for (auto& each : callers_) {
    disconnect(each);
  }
  ::close(epoll_);
}

void load_client::plan() {
  const auto add = [&](std::uint32_t n, bool is_kill) {
    for (std::uint32_t i = 0; i < n; ++i) {
      const std::uint64_t part = o_.acks / (n + 1);
      plan_.push_back({part * i + part / 4 + below(part), is_kill});
    }
  };
  add(o_.kills, true);
  add(o_.full_disks, false);
  std::sort(plan_.begin(), plan_.end(),
            [](const event& a, const event& b) { return a.at_acks > b.at_acks; });
}

load_facts load_client::run() {
  facts_.fewest_in_flight = static_cast<std::uint32_t>(callers_.size());
  const auto begin = steady_clock::now();
  stop_at_ = begin + std::chrono::seconds(o_.limit_s);
  now_ = begin;
  std::array<epoll_event, events_max> events;
  // After the last acknowledgement every open question is still answered, none is asked.
  while (!over_ || in_flight_ != 0) {
    wake_resting();
    const int n = ::epoll_wait(epoll_, events.data(), events_max, tick_ms);
    now_ = steady_clock::now();
    for (int i = 0; i < n; ++i) {
      const auto& event = events[static_cast<std::size_t>(i)];
      step(callers_[event.data.u32], event.events);
    }
    over_ = book_.count(fate::acked) >= o_.acks && plan_.empty() && !recovering_;
    stir();
    if (now_ > stop_at_) {
      throw std::runtime_error("not done in " + std::to_string(o_.limit_s) +
                               " s: " + std::to_string(book_.count(fate::acked)) +
                               " acknowledgements, " + std::to_string(facts_.kills) + " kills");
    }
    if (!kernel_.alive()) {
      throw std::runtime_error("spawnd ended by itself");
    }
  }
  facts_.seconds = duration<double>(steady_clock::now() - begin).count();
  kernel_.disk_full(false);
  return facts_;
}

// Kills and full disks, when their turn has come.
void load_client::stir() {
  if (disk_is_full_ && now_ >= disk_full_until_) {
    kernel_.disk_full(false);
    disk_has_room();
  }
  if (plan_.empty() || book_.count(fate::acked) < plan_.back().at_acks || recovering_) {
    return;
  }
  if (event_after_ == time_point{}) {
    event_after_ = now_ + microseconds(below(wait_us_max));
  }
  if (now_ < event_after_) {
    return;
  }
  const bool is_kill = plan_.back().is_kill;
  if (is_kill && in_flight_ < o_.in_flight) {
    return;
  }
  plan_.pop_back();
  event_after_ = {};
  if (is_kill) {
    kill();
    return;
  }
  kernel_.disk_full(true);
  disk_is_full_ = true;
  disk_full_until_ = now_ + milliseconds(100 + below(200));
  ++facts_.full_disks;
}

// Another one follows while nobody was told NOT_APPLIED: whether somebody is depends on where the
// deadline of a hurried request falls.
void load_client::disk_has_room() {
  if (std::exchange(disk_is_full_, false) && o_.mode == "commit" &&
      book_.count(fate::not_applied) == 0 && facts_.full_disks < o_.full_disks + more_full_disks) {
    plan_.push_back({0, false});
  }
}

void load_client::kill() {
  facts_.fewest_in_flight = std::min(facts_.fewest_in_flight, in_flight_);
  ++facts_.kills;
  killed_at_ = now_;
  kernel_.kill_now();
  ++life_;
  disk_has_room();  // the limit went with the process
  recovering_ = true;
  kernel_.start();
}

void load_client::wake_resting() {
  for (auto& c : callers_) {
    if (c.now == phase::resting && !over_ && c.rest_until <= now_) {
      c.fd < 0 ? connect(c) : ask(c);
    }
  }
}

void load_client::connect(caller& c) {
  c.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  const sockaddr_in to = loopback(kernel_.port());
  if (::connect(c.fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0 &&
      errno != EINPROGRESS) {
    rest(c, redial_ms);
    return;
  }
  c.now = phase::connecting;
  c.life = life_;
  epoll_event event{};
  event.events = EPOLLOUT;
  event.data.u32 = static_cast<std::uint32_t>(&c - callers_.data());
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
}

void load_client::step(caller& c, std::uint32_t events) {
  if (c.now == phase::connecting) {
    int failed = 0;
    socklen_t size = sizeof(failed);
    ::getsockopt(c.fd, SOL_SOCKET, SO_ERROR, &failed, &size);
    if (failed != 0 || (events & (EPOLLERR | EPOLLHUP)) != 0) {
      rest(c, redial_ms);
      return;
    }
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(&c - callers_.data());
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
    c.now = phase::resting;
    if (!over_) {
      ask(c);
    }
  } else {
    receive(c);
  }
}

void load_client::ask(caller& c) {
  c.id.seq = book_.next(c.actor, c.id.slot);
  c.now = phase::waiting;
  ++in_flight_;
  const bool hurried = o_.full_disks != 0 && below(hurried_share) == 0;
  const std::string request = add_request(c.actor, c.id, hurried ? hurried_ms : 0);
  // A request always fits into an empty socket; if the peer is gone, the next receive says so.
  const auto sent = ::send(c.fd, request.data(), request.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0 && static_cast<std::size_t>(sent) != request.size()) {
    throw std::runtime_error("a socket did not take a whole request");
  }
}

void load_client::receive(caller& c) {
  const io state = c.in.receive(c.fd);
  http_message got;
  if (c.now == phase::waiting && c.in.next(got)) {
    --in_flight_;
    const answer said = read_answer(got.body);
    book_.told(c.actor, c.id, got.status(), said);
    c.now = phase::resting;
    c.rest_until = got.status() == 503 ? now_ + milliseconds(refused_ms) : time_point{};
    if (said.ok && recovering_ && c.life == life_) {
      recovering_ = false;
      facts_.recovery_ms.push_back(duration<double, std::milli>(now_ - killed_at_).count());
    }
    if (state == io::more && !over_ && got.status() != 503) {
      ask(c);
    }
  }
  if (state == io::closed) {
    if (c.now == phase::waiting) {
      --in_flight_;
      if (c.life == life_) {
        book_.complain(actor_name(c.actor) + ": the living kernel closed without an answer");
      }
    }
    rest(c, redial_ms);
  }
}

void load_client::rest(caller& c, int ms) {
  disconnect(c);
  c.now = phase::resting;
  c.rest_until = now_ + milliseconds(ms);
}

void load_client::disconnect(caller& c) {
  if (c.fd >= 0) {
    ::close(c.fd);
    c.fd = -1;
  }
  c.in.clear();
}

}  // namespace torture
