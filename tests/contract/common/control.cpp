#include "contract/common/control.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "contract/common/check.hpp"

namespace contract {

namespace {

constexpr time_t patience_s = 360;  // a broker starts slowly on a busy machine

class line_socket {
 public:
  explicit line_socket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = ::htons(port);
    to.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    const timeval most{patience_s, 0};
    (void)::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
    require(::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0,
            "run_with.py does not listen");
  }
  line_socket(const line_socket&) = delete;
  line_socket& operator=(const line_socket&) = delete;
  ~line_socket() { ::close(fd_); }

  std::string ask(const std::string& line) {
    const std::string whole = line + "\n";
    require(
        ::send(fd_, whole.data(), whole.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(whole.size()),
        "run_with.py does not listen");
    std::string answer;
    std::array<char, 1'024> piece{};
    for (ssize_t got = 0; (got = ::recv(fd_, piece.data(), piece.size(), 0)) > 0;) {
      answer.append(piece.data(), static_cast<std::size_t>(got));
    }
    return answer;
  }

 private:
  int fd_;
};

}  // namespace

void ask_control(const std::string& line) {
  const char* port = std::getenv("SPAWN_TEST_CONTROL_PORT");
  if (port == nullptr) {
    throw skipped{"it does not run under tests/servers/run_with.py"};
  }
  line_socket to(static_cast<std::uint16_t>(std::strtoul(port, nullptr, 10)));
  const std::string answer = to.ask(line);
  require(answer == "ok\n", line + ": " + answer);
}

}  // namespace contract
