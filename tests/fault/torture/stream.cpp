#include "torture/stream.hpp"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace torture {

namespace {

constexpr int answer_seconds = 30;

std::size_t header_number(std::string_view head, std::string_view name) {
  for (auto at = head.find("\r\n"); at != head.npos; at = head.find("\r\n", at + 2)) {
    const char* line = head.data() + at + 2;
    if (head.size() - at - 2 > name.size() && ::strncasecmp(line, name.data(), name.size()) == 0) {
      return std::strtoul(line + name.size(), nullptr, 10);
    }
  }
  return 0;
}

}  // namespace

int http_message::status() const noexcept {
  const auto space = first_line.find(' ');
  return space == first_line.npos ? 0 : std::atoi(first_line.data() + space + 1);
}

std::size_t http_message::number(std::string_view name) const noexcept {
  return header_number(head, name);
}

io stream::receive(int fd) {
  in_.erase(0, used_);
  used_ = 0;
  std::array<char, 16384> piece;
  while (true) {
    const auto got = ::recv(fd, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got > 0) {
      in_.append(piece.data(), static_cast<std::size_t>(got));
    } else if (got < 0 && errno == EINTR) {
      continue;
    } else {
      return got < 0 && errno == EAGAIN ? io::more : io::closed;
    }
  }
}

bool stream::next(http_message& out) {
  const std::string_view rest = std::string_view(in_).substr(used_);
  const auto end = rest.find("\r\n\r\n");
  if (end == rest.npos) {
    return false;
  }
  const std::string_view head = rest.substr(0, end + 2);
  const std::size_t length = header_number(head, "content-length:");
  if (rest.size() < end + 4 + length) {
    return false;
  }
  out.head = head;
  out.first_line = head.substr(0, head.find("\r\n"));
  out.body = rest.substr(end + 4, length);
  used_ += end + 4 + length;
  return true;
}

sockaddr_in loopback(std::uint16_t port) noexcept {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

asked ask_once(std::uint16_t port, std::string_view request) {
  asked out;
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = loopback(port);
  const timeval limit{answer_seconds, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  bool open = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  while (open && !request.empty()) {
    const auto sent = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    open = sent > 0;
    request.remove_prefix(open ? static_cast<std::size_t>(sent) : 0);
  }
  stream in;
  http_message got;
  while (open && !out.answered) {
    char first = 0;
    open = ::recv(fd, &first, 1, MSG_PEEK) == 1;
    const io state = open ? in.receive(fd) : io::closed;
    if (in.next(got)) {
      out = {true, got.status(), std::string(got.body)};
    }
    open = open && state == io::more;
  }
  ::close(fd);
  return out;
}

}  // namespace torture
