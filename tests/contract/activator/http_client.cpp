#include "contract/activator/http_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace contract {

namespace {

using steady = std::chrono::steady_clock;
constexpr auto look = std::chrono::milliseconds(50);  // how often give_up is asked

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// The header's lines, without the empty one.
http_reply head_of(std::string_view head) {
  http_reply out;
  if (head.size() > 12) {
    out.status = std::atoi(std::string(head.substr(9, 3)).c_str());
  }
  for (std::size_t at = head.find("\r\n"); at != head.npos;) {
    const std::size_t end = std::min(head.find("\r\n", at + 2), head.size());
    const std::string_view line = head.substr(at + 2, end - at - 2);
    if (const auto colon = line.find(": "); colon != line.npos) {
      out.headers[lower(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
    }
    at = end == head.size() ? head.npos : end;
  }
  return out;
}

}  // namespace

bool http_client::connect(std::uint16_t port) {
  close();
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0) {
    return true;
  }
  close();
  return false;
}

void http_client::close() {
  if (socket_ >= 0) {
    ::close(socket_);
  }
  socket_ = -1;
  in_.clear();
}

bool http_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool http_client::read_more(steady::time_point until) {
  while (steady::now() < until && !give_up_()) {
    pollfd one{socket_, POLLIN, 0};
    if (::poll(&one, 1, static_cast<int>(look.count())) != 1) {
      continue;
    }
    std::array<char, 16'384> piece{};
    const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
    if (got <= 0) {
      return false;
    }
    in_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }
  return false;
}

std::optional<http_reply> http_client::receive(std::chrono::milliseconds limit, bool no_body) {
  const auto until = steady::now() + limit;
  std::size_t end = 0;
  while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more(until)) {
      return std::nullopt;
    }
  }
  http_reply out = head_of(std::string_view(in_).substr(0, end));
  in_.erase(0, end + 4);
  const auto length = out.headers.find("content-length");
  const std::size_t size = no_body || length == out.headers.end() ? 0 : std::stoul(length->second);
  while (in_.size() < size) {
    if (!read_more(until)) {
      return std::nullopt;
    }
  }
  out.body = in_.substr(0, size);
  in_.erase(0, size);
  return out;
}

bool http_client::is_closed_within(std::chrono::milliseconds limit) {
  const auto until = steady::now() + limit;
  return in_.empty() && !read_more(until) && steady::now() < until;
}

std::string http_request_text(std::string_view method, std::string_view target,
                              std::string_view header_lines, std::string_view body) {
  std::string out(method);
  out.append(" ").append(target).append(" HTTP/1.1\r\nHost: test\r\n").append(header_lines);
  out.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
  return out.append(body);
}

}  // namespace contract
