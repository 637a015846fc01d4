#include "folders.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace sqlite_store {

namespace {

// False with errno set when the disk failed. What we may not open we did not make, and some file
// systems have no sync for folders: neither is a failure.
bool sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return true;
  }
  const bool synced = ::fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
  const int why = errno;
  ::close(fd);
  errno = why;
  return synced;
}

}  // namespace

std::string make_durable_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  // All of them and not only the new ones: an earlier start may have died after it made them.
  for (auto at = folder; at.has_relative_path(); at = at.parent_path()) {
    if (!sync_folder(at.parent_path())) {
      return "can not sync '" + at.parent_path().string() + "': " + std::strerror(errno);
    }
  }
  return {};
}

}  // namespace sqlite_store
