#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <map>
#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

#include "broker.hpp"
#include "handler.hpp"
#include "load_worker.hpp"
#include "states.hpp"

namespace spawn::bench {

namespace {

constexpr std::size_t connections_max = 64;
constexpr int patience_ms = patience_s * 1'000;

class bare final : public handler {
 public:
  void take(std::string_view, std::string_view) override {}
  void finish() override {}
};

// {"n":17,...}
unsigned number_in(std::string_view body) {
  constexpr std::string_view before = "\"n\":";
  const auto at = body.find(before);
  unsigned out = 0;
  const char* const from = body.data() + (at == std::string_view::npos ? 0 : at + before.size());
  if (at == std::string_view::npos ||
      std::from_chars(from, body.data() + body.size(), out).ec != std::errc()) {
    throw std::runtime_error("a message without a number: " + std::string(body));
  }
  return out;
}

class hand_written final : public handler {
 public:
  hand_written(const std::string& host, const std::string& database)
      : to_(parse_target(host)), states_(database) {}
  ~hand_written() override {
    for (const line& one : lines_) {
      ::close(one.fd);
    }
  }

  // Messages of one actor are called one after the other, so a second one waits for the first.
  void take(std::string_view id, std::string_view body) override {
    const std::string actor = "h" + std::to_string(number_in(body));
    if (!in_wave_.insert(actor).second) {
      call_all();
      in_wave_.insert(actor);
    }
    wave_.push_back({actor, std::string(id), std::string(body)});
  }

  void finish() override {
    call_all();
    states_.commit(done_);
    done_.clear();
  }

 private:
  struct job {
    std::string actor, id, body;
  };
  struct line {
    int fd = -1;
    std::string in;
    const job* now = nullptr;
  };

  void call_all() {
    while (lines_.size() < std::min(connections_max, wave_.size())) {
      lines_.push_back({connect_to(to_), {}, nullptr});
    }
    std::size_t next = 0, ended = 0;
    for (line& one : lines_) {
      if (next < wave_.size()) {
        ask(one, wave_[next++]);
      }
    }
    std::vector<pollfd> at;
    while (ended < wave_.size()) {
      at.clear();
      for (const line& one : lines_) {
        at.push_back({one.now == nullptr ? -1 : one.fd, POLLIN, 0});
      }
      if (::poll(at.data(), at.size(), patience_ms) <= 0) {
        throw std::runtime_error("the host does not answer");
      }
      for (std::size_t i = 0; i < at.size(); ++i) {
        if (at[i].revents != 0 && read(lines_[i])) {
          ++ended;
          if (next < wave_.size()) {
            ask(lines_[i], wave_[next++]);
          }
        }
      }
    }
    wave_.clear();
    in_wave_.clear();
  }

  void ask(line& over, const job& what) {
    const std::string request = host_request(to_, "spawn-system", "Sink", what.actor, "Take",
                                             what.body, states_.of(what.actor));
    if (::send(over.fd, request.data(), request.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(request.size())) {
      throw std::runtime_error("the host hangs up");
    }
    over.now = &what;
  }

  // True when the answer is all there.
  bool read(line& from) {
    char piece[4096];
    const ssize_t n = ::recv(from.fd, piece, sizeof(piece), 0);
    if (n <= 0) {
      throw std::runtime_error("the host hangs up");
    }
    from.in.append(piece, static_cast<std::size_t>(n));
    const http_head head = read_head(from.in);
    if (!head.complete || from.in.size() < head.body_at + head.body_bytes) {
      return false;
    }
    if (!head.valid || head.status != 200) {
      throw std::runtime_error("the host answers " + std::to_string(head.status));
    }
    const job& what = *std::exchange(from.now, nullptr);
    const auto state = updated_state(std::string_view(from.in).substr(head.body_at));
    if (state.empty()) {
      throw std::runtime_error("an answer of the host has no state");
    }
    states_.set(what.actor, std::string(state));
    done_.emplace_back(what.actor, what.id);
    from.in.clear();
    return true;
  }

  const target to_;
  states states_;
  std::vector<line> lines_;
  std::vector<job> wave_;                                  // one message of each actor at most
  std::set<std::string> in_wave_;                          // their actors
  std::vector<std::pair<std::string, std::string>> done_;  // actor and id: called, not yet stored
};

}  // namespace

std::unique_ptr<handler> make_bare_handler() {
  return std::make_unique<bare>();
}

std::unique_ptr<handler> make_hand_written(const std::string& host, const std::string& database) {
  return std::make_unique<hand_written>(host, database);
}

}  // namespace spawn::bench
