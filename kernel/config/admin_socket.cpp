#include "config/admin_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace spawn::config {
namespace {

// Why the directory of `path` will not do, or empty.
std::string refuse(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) {
    return "no directory";
  }
  const std::string dir = path.substr(0, slash);
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return std::strerror(errno);
  }
  struct stat info{};
  if (::lstat(dir.c_str(), &info) != 0) {
    return std::strerror(errno);
  }
  if (!S_ISDIR(info.st_mode)) {
    return "not a directory";
  }
  if (info.st_uid != ::geteuid()) {
    return "the directory belongs to another user";
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return "others may write to the directory";
  }
  return ::access(dir.c_str(), W_OK | X_OK) == 0 ? "" : std::strerror(errno);
}

}  // namespace

std::vector<std::string> admin_socket_paths(const environment& env) {
  std::vector<std::string> out{"/run/spawn/admin.sock"};
  if (const auto dir = env.get("XDG_RUNTIME_DIR"); dir && dir->starts_with('/')) {
    out.push_back(std::string(*dir) + "/spawn/admin.sock");
  }
  out.push_back("/tmp/spawn-" + std::to_string(::geteuid()) + "/admin.sock");
  return out;
}

result<std::string> choose_admin_socket(const std::vector<std::string>& paths) {
  std::string tried;
  for (const auto& path : paths) {
    const std::string why = refuse(path);
    if (why.empty()) {
      return path;
    }
    tried += (tried.empty() ? "" : "; ") + path + ": " + why;
  }
  return fail(errc::denied, "no place for the admin socket (" + tried + "); set admin.address");
}

result<std::string> choose_admin_socket(const environment& env) {
  return choose_admin_socket(admin_socket_paths(env));
}

}  // namespace spawn::config
