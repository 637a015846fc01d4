#include "config/interpolate.hpp"
#include "base/utf8.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "config/value.hpp"

namespace spawn::config {
namespace {

bool valid_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) {
    return false;
  }
  for (const char c : name) {
    const bool ok =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!ok) {
      return false;
    }
  }
  return true;
}

// Closes what it holds.
struct descriptor {
  int fd;
  ~descriptor() {
    if (fd >= 0) {
      ::close(fd);
    }
  }
};

// The whole file without its last line end, as editors and `echo` leave one.
result<std::string> read_secret(const std::string& path) {
  if (path.empty() || path[0] != '/') {
    return fail(errc::invalid, "${file:...} needs an absolute path");
  }
  const auto failed = [&path](const char* why) {
    return fail(errc::invalid, "cannot read ${file:" + path + "}: " + why);
  };
  // Not blocking: a FIFO in its place must not hang the start.
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  struct stat info{};
  if (file.fd < 0 || ::fstat(file.fd, &info) != 0) {
    return failed(std::strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return failed("not a regular file");
  }
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const auto got = ::read(file.fd, buffer.data(), buffer.size());
    if (got < 0) {
      return failed(std::strerror(errno));
    }
    if (got == 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > secret_file_bytes_max) {
      return failed("larger than 65536 bytes");
    }
  }
  if (text.ends_with('\n')) {
    text.pop_back();
    if (text.ends_with('\r')) {
      text.pop_back();
    }
  }
  return text;
}

result<std::string> look_up(std::string_view inside, const environment& env) {
  if (inside.starts_with("file:")) {
    return read_secret(std::string(inside.substr(5)));
  }
  const auto colon = inside.find(":-");
  const auto name = inside.substr(0, colon);
  if (!valid_name(name)) {
    return fail(errc::invalid,
                "'${" + std::string(inside) +
                    "}' is none of ${VAR}, ${VAR:-default}, ${file:/path}; write $${ for a "
                    "plain ${");
  }
  if (const auto found = env.get(name)) {
    return std::string(*found);
  }
  if (colon == std::string_view::npos) {
    return fail(errc::invalid, "the environment variable " + std::string(name) +
                                   " is not set; set it or write ${" + std::string(name) +
                                   ":-default}");
  }
  return std::string(inside.substr(colon + 2));
}

}  // namespace

result<interpolated> interpolate(std::string_view text, const environment& env) {
  interpolated out;
  while (true) {
    const auto start = text.find("${");
    if (start == std::string_view::npos) {
      out.text += text;
      return out;
    }
    if (start > 0 && text[start - 1] == '$') {
      out.text += text.substr(0, start);  // one of the two dollars stays
      out.text += '{';
      text.remove_prefix(start + 2);
      continue;
    }
    out.text += text.substr(0, start);
    text.remove_prefix(start + 2);
    const auto end = text.find('}');
    if (end == std::string_view::npos) {
      return fail(errc::invalid, "'${' without '}'; write $${ for a plain ${");
    }
    SPAWN_TRY(const auto found, look_up(text.substr(0, end), env));
    if (!is_utf8(found)) {
      return fail(errc::invalid,
                  "${" + std::string(text.substr(0, end)) + "} holds bytes that are not UTF-8");
    }
    out.text += found;
    out.replaced = true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace spawn::config
