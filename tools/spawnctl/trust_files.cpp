#include "trust_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "config/load.hpp"
#include "table.hpp"
#include "trust/key_file.hpp"
#include "trust/secret_key.hpp"

namespace spawn::ctl {
namespace {

tl::unexpected<error> failed(const std::filesystem::path& file, const char* what) {
  return fail(errc::unavailable, file.string() + ": " + what + ": " + std::strerror(errno));
}

// What is typed is not shown while this lives.
struct hidden_typing {
  hidden_typing() {
    ::tcgetattr(STDIN_FILENO, &before);
    termios hidden = before;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  ~hidden_typing() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before); }
  termios before{};
};

}  // namespace

result<std::vector<trust::public_key>> trusted_keys(const trust_options& from) {
  std::vector<trust::public_key> out;
  for (const std::string& each : from.keys) {
    SPAWN_TRY(const trust::public_key key,
              trust::public_key_from(each, std::filesystem::current_path()));
    out.push_back(key);
  }
  if (!from.config.empty()) {
    SPAWN_TRY(const config::loaded loaded,
              config::load_file(from.config, config::environment::from_process()));
    const auto& more = loaded.value.plugins.trusted_keys;
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

result<std::string> read_password(const std::string& prompt) {
  std::string out;
  bool read = false;
  if (::isatty(STDIN_FILENO) != 0) {
    std::cerr << prompt << ": " << std::flush;
    const hidden_typing hidden;
    read = static_cast<bool>(std::getline(std::cin, out));
    std::cerr << '\n';
  } else {
    read = static_cast<bool>(std::getline(std::cin, out));
  }
  if (!read || out.empty()) {
    return fail(errc::invalid, "no password was given");
  }
  return out;
}

result<void> write_new(const std::filesystem::path& file, std::string_view bytes, ::mode_t mode) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0 && errno == EEXIST) {
    return fail(errc::invalid, file.string() + ": there is one already; it is left as it is");
  }
  if (fd < 0) {
    return failed(file, "can not make it");
  }
  const ::ssize_t n = ::write(fd, bytes.data(), bytes.size());
  const bool good =
      n == static_cast<::ssize_t>(bytes.size()) && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  if (::close(fd) != 0 || !good) {
    auto out = failed(file, "can not write");
    ::unlink(file.c_str());
    return out;
  }
  return {};
}

result<void> write_over(const std::filesystem::path& file, std::string_view bytes, ::mode_t mode) {
  const std::filesystem::path beside = file.string() + "." + std::to_string(::getpid());
  SPAWN_CHECK(write_new(beside, bytes, mode));
  if (::rename(beside.c_str(), file.c_str()) != 0) {
    auto out = failed(file, "can not put it in place");
    ::unlink(beside.c_str());
    return out;
  }
  return {};
}

std::string comment_words(std::string comment) {
  std::replace(comment.begin(), comment.end(), '\t', ' ');
  return printable(comment);
}

result<std::string> read_secret_file(const std::filesystem::path& file) {
  SPAWN_TRY(std::string text, trust::read_text(file));
  const auto encrypted = trust::is_encrypted(text);
  if (!encrypted) {
    return fail(encrypted.error().code, file.string() + ": " + encrypted.error().text);
  }
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) {
    return failed(file, "can not look at it");
  }
  if (!*encrypted && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fail(
        errc::denied,
        file.string() + ": a secret key without a password that others may read; chmod 600");
  }
  return text;
}

}  // namespace spawn::ctl
