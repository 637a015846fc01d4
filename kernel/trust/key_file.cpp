#include "trust/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "trust/minisign_text.hpp"

namespace spawn::trust {

result<std::string> read_text(const std::filesystem::path& file) {
  const auto failed = [&file] {
    return fail(errno == ENOENT ? errc::not_found : errc::invalid,
                "can not read " + file.string() + ": " + std::strerror(errno));
  };
  // Not blocking: a FIFO in its place must not hang the start.
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return failed();
  }
  struct closer {
    int fd;
    ~closer() { ::close(fd); }
  } const close_at_end{fd};
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return failed();
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(errc::invalid, "can not read " + file.string() + ": not a regular file");
  }
  std::string out(text_bytes_max + 1, '\0');
  std::size_t have = 0;
  while (have < out.size()) {
    const ::ssize_t n = ::read(fd, out.data() + have, out.size() - have);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return failed();
    }
    if (n == 0) {
      break;
    }
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

result<public_key> public_key_from(const std::string& line_or_path,
                                   const std::filesystem::path& base) {
  if (looks_like_key(line_or_path)) {
    return parse_public_key(line_or_path);
  }
  const std::filesystem::path file = (base / line_or_path).lexically_normal();
  const auto text = read_text(file);
  if (!text) {
    return fail(text.error().code,
                "neither a public key (56 characters that begin with RW) nor the path of a file "
                "with one: " +
                    text.error().text);
  }
  auto key = parse_public_key(*text);
  if (!key) {
    return fail(std::move(key.error()).within(file.string()));
  }
  return key;
}

}  // namespace spawn::trust
