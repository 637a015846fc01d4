#include "app/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace spawn {

result<void> tell_service_manager(const char* state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') {
    return {};
  }
  const auto failed = [path](const char* why) {
    return fail(errc::unavailable, "NOTIFY_SOCKET " + std::string(path) + ": " + why);
  };
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if ((*path != '/' && *path != '@') || length >= sizeof to.sun_path) {
    return failed("no address of a Unix socket");
  }
  std::memcpy(to.sun_path, path, length);
  if (*path == '@') {
    to.sun_path[0] = '\0';  // Linux' abstract names
  }
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return failed(std::strerror(errno));
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  const bool sent = ::sendto(fd, state, std::strlen(state), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&to), size) >= 0;
  const int why = errno;
  ::close(fd);
  return sent ? result<void>{} : failed(std::strerror(why));
}

}  // namespace spawn
