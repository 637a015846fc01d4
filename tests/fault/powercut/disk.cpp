#include "powercut/disk.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>

namespace powercut {

namespace {

folder_ptr open_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd < 0 ? nullptr : std::make_shared<const folder>(fd);
}

folder_ptr made_folder(const std::string& path) {
  std::filesystem::create_directories(path);
  auto out = open_folder(path);
  if (out == nullptr) {
    throw std::system_error(errno, std::generic_category(), path);
  }
  return out;
}

}  // namespace

disk::disk(const options& o)
    : root_(o.backing + "/disk"),
      sync_us_max_(o.sync_us_max),
      dice_(o.seed),
      names_(made_folder(o.backing + "/yard"), o.names_rule) {
  made_folder(root_);
}

int disk::place_of(const char* path, place& out) const {
  const std::string_view whole(path);
  const auto slash = whole.rfind('/');
  out.in = open_folder(root_ + std::string(whole.substr(0, slash)));
  out.name = whole.substr(slash + 1);
  return out.in == nullptr ? -errno : 0;
}

// One object for each inode, whatever names and descriptors it has.
int disk::adopt(int fd, file_ptr& out) {
  if (fd < 0) {
    return -errno;
  }
  struct stat s{};
  ::fstat(fd, &s);
  file_ptr& known = files_[s.st_ino];
  if (known == nullptr) {
    known = std::make_shared<unsynced_file>(fd);
  } else {
    ::close(fd);
  }
  out = known;
  return 0;
}

int disk::find(const char* path, file_ptr& out) {
  return adopt(::open(real(path).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW), out);
}

int disk::open(const char* path, int flags, file_ptr& out) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  int status = find(path, out);
  if (status == 0 && (flags & O_TRUNC) != 0) {
    status = out->resize(0);
  }
  return status;
}

int disk::create(const char* path, int flags, mode_t mode, uid_t uid, gid_t gid, file_ptr& out) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  place at;
  if (const int status = place_of(path, at); status != 0) {
    return status;
  }
  const int fd =
      ::openat(at.in->fd(), at.name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode & 07777);
  if (fd < 0 && errno == EEXIST && (flags & O_EXCL) == 0) {
    return find(path, out);
  }
  if (fd >= 0 && ::fchown(fd, uid, gid) != 0) {
    const int status = -errno;
    ::close(fd);
    return status;
  }
  const int status = adopt(fd, out);
  if (status == 0) {
    struct stat s{};
    ::fstat(out->fd(), &s);
    names_.made(std::move(at), s.st_ino);
  }
  return status;
}

int disk::read(unsynced_file& f, char* to, std::size_t size, off_t at) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  const ssize_t n = ::pread(f.fd(), to, size, at);
  return n < 0 ? -errno : static_cast<int>(n);
}

int disk::write(unsynced_file& f, const char* data, std::size_t size, off_t at) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  const int status = f.write(data, size, at, dice_);
  return status != 0 ? status : static_cast<int>(size);
}

int disk::resize(const char* path, unsynced_file* f, off_t size) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  file_ptr found;
  if (f == nullptr) {
    if (const int status = find(path, found); status != 0) {
      return status;
    }
    f = found.get();
  }
  return f->resize(size);
}

int disk::grow(unsynced_file& f, off_t size) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  return size > f.size() ? f.resize(size) : 0;
}

// What has nothing to write is synced at once.
void disk::wait_for_disk(const unsynced_file& f) {
  std::chrono::microseconds pause{0};
  {
    const guard held(lock_);
    if (f.clean()) {
      return;
    }
    pause =
        std::chrono::microseconds(std::uniform_int_distribution<unsigned>(0, sync_us_max_)(dice_));
  }
  std::this_thread::sleep_for(pause);
}

int disk::sync(unsynced_file& f) {
  wait_for_disk(f);
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  struct stat s{};
  ::fstat(f.fd(), &s);
  f.synced();
  names_.file_synced(s.st_ino);
  return 0;
}

void disk::close(file_ptr f) {
  const guard held(lock_);
  f.reset();
  drop_done();
}

// Closed and synced, or closed and without a name that could come back.
void disk::drop_done() {
  std::erase_if(files_, [](const auto& entry) {
    struct stat s{};
    const file_ptr& f = entry.second;
    return f.use_count() == 1 && (f->clean() || (::fstat(f->fd(), &s) == 0 && s.st_nlink == 0));
  });
}

int disk::make_folder(const char* path, mode_t mode, uid_t uid, gid_t gid) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  place at;
  if (const int status = place_of(path, at); status != 0) {
    return status;
  }
  if (::mkdirat(at.in->fd(), at.name.c_str(), mode & 07777) != 0 ||
      ::fchownat(at.in->fd(), at.name.c_str(), uid, gid, 0) != 0) {
    return -errno;
  }
  const auto made = open_folder(real(path));
  if (made == nullptr) {
    return -errno;
  }
  names_.made(std::move(at), made->id());
  return 0;
}

int disk::sync_folder(const char* path) {
  const guard held(lock_);
  const auto at = open_folder(real(path));
  if (dead() || at == nullptr) {
    return -EIO;
  }
  names_.folder_synced(at->id());
  return 0;
}

int disk::remove(const char* path, bool is_folder) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  place at;
  const int status = place_of(path, at);
  return status != 0 ? status : names_.remove(at, is_folder);
}

int disk::move(const char* from, const char* to, unsigned flags) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  place a;
  place b;
  int status = place_of(from, a);
  status = status != 0 ? status : place_of(to, b);
  return status != 0 ? status : names_.move(a, b, flags);
}

int disk::link(const char* from, const char* to) {
  const guard held(lock_);
  if (dead()) {
    return -EIO;
  }
  place at;
  if (const int status = place_of(to, at); status != 0) {
    return status;
  }
  struct stat s{};
  if (::linkat(AT_FDCWD, real(from).c_str(), at.in->fd(), at.name.c_str(), 0) != 0 ||
      ::fstatat(at.in->fd(), at.name.c_str(), &s, 0) != 0) {
    return -errno;
  }
  names_.made(std::move(at), s.st_ino);
  return 0;
}

damage disk::cut(const std::vector<pid_t>& processes) {
  const guard held(lock_);
  for (const pid_t process : processes) {
    ::kill(process, SIGKILL);
  }
  damage out;
  for (const auto& [id, f] : files_) {
    f->cut(dice_, out);
  }
  names_.cut(dice_, out);
  dead_.store(true, std::memory_order_release);
  return out;
}

void disk::settle() {
  const guard held(lock_);
  for (const auto& [id, f] : files_) {
    f->synced();
  }
  names_.settle();
  drop_done();
}

}  // namespace powercut
