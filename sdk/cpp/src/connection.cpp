#include "connection.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include "request_parser.hpp"

namespace spawn::sdk::detail {

namespace {

constexpr std::uint64_t busy = 1;
constexpr std::uint64_t missed = 2;
constexpr std::size_t buffer_bytes_first = 4 * 1024;
constexpr std::size_t buffer_bytes_kept = 64 * 1024;

std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 413:
      return "HTTP/1.1 413 Payload Too Large\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    default:
      return "HTTP/1.1 500 Internal Server Error\r\n";
  }
}

// Puts a whole response into `out`, which is reused from request to request.
bool format(const request_sink::reply& reply, bool keep_alive, std::string& out) {
  const std::size_t size = reply.body == nullptr ? reply.text.size() : reply.body->ByteSizeLong();
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), size).ptr;
  out.assign(status_line(reply.status));
  out.append(reply.text.empty() ? "content-type: application/octet-stream\r\n"
                                : "content-type: text/plain; charset=utf-8\r\n");
  out.append(keep_alive ? "" : "connection: close\r\n");
  out.append("content-length: ").append(digits, end).append("\r\n\r\n");
  if (reply.body == nullptr) {
    out.append(reply.text);
  } else if (size != 0) {
    const std::size_t head = out.size();
    out.resize(head + size);
    auto* at = reinterpret_cast<std::uint8_t*>(out.data() + head);
    if (reply.body->SerializeWithCachedSizesToArray(at) != at + size) {
      return false;
    }
  }
  return true;
}

}  // namespace

// The bytes that were read and not parsed yet, and the parser of the request under way.
struct connection::reader {
  explicit reader(std::size_t limit) : body_max(limit) { start(); }

  void start() { parser.emplace(body_max, target, spill); }
  [[nodiscard]] boost::asio::const_buffer unread() const {
    return {bytes.data() + begin, end - begin};
  }
  // Room for the next read; unread bytes move to the front first.
  void make_room() {
    if (begin == end) {
      begin = end = 0;
      if (bytes.size() > buffer_bytes_kept) {
        bytes.resize(buffer_bytes_first);
        bytes.shrink_to_fit();
      }
    } else if (begin != 0) {
      std::memmove(bytes.data(), bytes.data() + begin, end - begin);
      end -= begin;
      begin = 0;
    }
    if (end == bytes.size()) {
      bytes.resize(bytes.empty() ? buffer_bytes_first : bytes.size() * 2);
    }
  }

  std::size_t body_max;
  std::vector<char> bytes;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string target;
  std::string spill;
  std::optional<request_parser> parser;
  bool continue_sent = false;
};

connection::connection(std::uint32_t slot) : slot_(slot) {}

connection::~connection() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

std::uint64_t connection::open(int fd) {
  fd_ = fd;
  const auto generation = state_.load(std::memory_order_relaxed) >> 2;
  return generation << 32 | slot_;
}

void connection::close() {
  ::close(fd_);
  fd_ = -1;
  reader_.reset();
  unsent_.clear();
  sent_ = 0;
  last_ = false;
  // 32 bits, as in the token.
  const auto next = static_cast<std::uint32_t>((state_.load(std::memory_order_relaxed) >> 2) + 1);
  state_.store(std::uint64_t{next} << 2, std::memory_order_release);
}

bool connection::claim(std::uint32_t generation) {
  auto seen = state_.load(std::memory_order_acquire);
  while (seen >> 2 == generation) {
    const auto wanted = seen | ((seen & busy) != 0 ? missed : busy);
    if (state_.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      return (seen & busy) == 0;
    }
  }
  return false;
}

bool connection::release() {
  auto seen = state_.load(std::memory_order_acquire);
  while (true) {
    const bool again = (seen & missed) != 0;
    const auto wanted = again ? seen & ~missed : seen & ~busy;
    if (state_.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel,
                                     std::memory_order_acquire)) {
      return !again;
    }
  }
}

bool connection::serve(unsigned worker, request_sink& sink, std::size_t body_max, bool until_empty,
                       std::string& out) {
  if (!reader_) {
    reader_ = std::make_unique<reader>(body_max);
  }
  if (!flush() || parse(worker, sink, out) == outcome::closed) {
    return false;
  }
  auto& in = *reader_;
  // While an answer waits for the socket nothing more is read: the peer is to take it first.
  while (unsent_.empty()) {
    in.make_room();
    const std::size_t room = in.bytes.size() - in.end;
    const auto got = ::recv(fd_, in.bytes.data() + in.end, room, 0);
    if (got == 0) {
      return false;
    }
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    in.end += static_cast<std::size_t>(got);
    if (parse(worker, sink, out) == outcome::closed) {
      return false;
    }
    if (static_cast<std::size_t>(got) < room && !until_empty) {
      // The socket is empty: the next bytes make an event of their own.
      return true;
    }
  }
  return true;
}

connection::outcome connection::parse(unsigned worker, request_sink& sink, std::string& out) {
  auto& in = *reader_;
  if (last_ && unsent_.empty()) {
    return outcome::closed;
  }
  while (in.begin != in.end && unsent_.empty()) {
    boost::beast::error_code error;
    in.begin += in.parser->put(in.unread(), error);
    if (error == http::error::need_more) {
      break;
    }
    if (error) {
      const int status = error == http::error::body_limit     ? 413
                         : error == http::error::header_limit ? 431
                                                              : 400;
      format({.status = status}, false, out);
      static_cast<void>(send(out));
      return outcome::closed;
    }
    if (in.parser->is_done()) {
      if (!answer(worker, sink, out)) {
        return outcome::closed;
      }
    } else if (in.parser->expects_continue() && !in.continue_sent) {
      in.continue_sent = true;
      if (!send("HTTP/1.1 100 Continue\r\n\r\n")) {
        return outcome::closed;
      }
    }
  }
  return outcome::more;
}

bool connection::answer(unsigned worker, request_sink& sink, std::string& out) {
  auto& in = *reader_;
  const bool keep_alive = in.parser->keep_alive();
  const auto reply = sink.serve(worker, {in.parser->post(), in.target, in.parser->body()});
  if (!format(reply, keep_alive, out)) {
    return false;
  }
  if (in.spill.capacity() > buffer_bytes_kept) {
    in.spill = std::string();
  }
  in.start();
  in.continue_sent = false;
  last_ = !keep_alive;
  return send(out) && (keep_alive || !unsent_.empty());
}

bool connection::send(std::string_view bytes) {
  if (unsent_.empty()) {
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(bytes.size())) {
      return true;
    }
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      return false;
    }
    bytes.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
  }
  unsent_.append(bytes);
  return flush();
}

bool connection::flush() {
  while (sent_ < unsent_.size()) {
    const auto sent = ::send(fd_, unsent_.data() + sent_, unsent_.size() - sent_, MSG_NOSIGNAL);
    if (sent >= 0) {
      sent_ += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
  }
  unsent_.clear();
  sent_ = 0;
  return true;
}

}  // namespace spawn::sdk::detail
