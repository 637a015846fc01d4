#include "powercut/file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "powercut/disk.hpp"

namespace powercut {

namespace {

disk& of_mount() {
  return *static_cast<disk*>(fuse_get_context()->private_data);
}

file_ptr* opened(fuse_file_info* info) {
  return info == nullptr ? nullptr : reinterpret_cast<file_ptr*>(info->fh);
}

int keep(int status, file_ptr f, fuse_file_info* info) {
  if (status == 0) {
    info->fh = reinterpret_cast<std::uint64_t>(new file_ptr(std::move(f)));
  }
  return status;
}

// What is neither data nor a name is not subject to cuts.
template <class Call>
int passed(const char* path, Call call) {
  disk& d = of_mount();
  if (d.dead()) {
    return -EIO;
  }
  return call(d.real(path).c_str()) == 0 ? 0 : -errno;
}

void* start(fuse_conn_info*, fuse_config* config) {
  config->use_ino = 1;
  config->hard_remove = 1;  // the yard keeps what is open
  return fuse_get_context()->private_data;
}

int get_attributes(const char* path, struct stat* out, fuse_file_info* info) {
  const file_ptr* f = opened(info);
  if (f != nullptr && !of_mount().dead()) {
    return ::fstat((*f)->fd(), out) == 0 ? 0 : -errno;
  }
  return passed(path, [out](const char* real) { return ::lstat(real, out); });
}

int read_folder(const char* path, void* to, fuse_fill_dir_t fill, off_t, fuse_file_info*,
                fuse_readdir_flags) {
  return passed(path, [to, fill](const char* real) {
    DIR* folder = ::opendir(real);
    if (folder == nullptr) {
      return -1;
    }
    while (const dirent* entry = ::readdir(folder)) {
      fill(to, entry->d_name, nullptr, 0, static_cast<fuse_fill_dir_flags>(0));
    }
    return ::closedir(folder);
  });
}

int open_file(const char* path, fuse_file_info* info) {
  file_ptr f;
  const int status = of_mount().open(path, info->flags, f);
  return keep(status, std::move(f), info);
}

int create_file(const char* path, mode_t mode, fuse_file_info* info) {
  file_ptr f;
  const fuse_context& who = *fuse_get_context();
  const int status = of_mount().create(path, info->flags, mode, who.uid, who.gid, f);
  return keep(status, std::move(f), info);
}

int close_file(const char*, fuse_file_info* info) {
  file_ptr* f = opened(info);
  of_mount().close(std::move(*f));
  delete f;
  return 0;
}

int read_file(const char*, char* to, std::size_t size, off_t at, fuse_file_info* info) {
  return of_mount().read(**opened(info), to, size, at);
}

int write_file(const char*, const char* data, std::size_t size, off_t at, fuse_file_info* info) {
  return of_mount().write(**opened(info), data, size, at);
}

int resize_file(const char* path, off_t size, fuse_file_info* info) {
  file_ptr* f = opened(info);
  return of_mount().resize(path, f == nullptr ? nullptr : f->get(), size);
}

int allocate(const char*, int mode, off_t at, off_t size, fuse_file_info* info) {
  return mode != 0 ? -EOPNOTSUPP : of_mount().grow(**opened(info), at + size);
}

int sync_file(const char*, int, fuse_file_info* info) {
  return of_mount().sync(**opened(info));
}

int sync_names(const char* path, int, fuse_file_info*) {
  return of_mount().sync_folder(path);
}

int make_folder(const char* path, mode_t mode) {
  const fuse_context& who = *fuse_get_context();
  return of_mount().make_folder(path, mode, who.uid, who.gid);
}

int remove_file(const char* path) {
  return of_mount().remove(path, false);
}

int remove_folder(const char* path) {
  return of_mount().remove(path, true);
}

int move(const char* from, const char* to, unsigned flags) {
  return of_mount().move(from, to, flags);
}

int link_file(const char* from, const char* to) {
  return of_mount().link(from, to);
}

int set_mode(const char* path, mode_t mode, fuse_file_info*) {
  return passed(path, [mode](const char* real) { return ::chmod(real, mode); });
}

int set_owner(const char* path, uid_t uid, gid_t gid, fuse_file_info*) {
  return passed(path, [uid, gid](const char* real) { return ::lchown(real, uid, gid); });
}

int set_times(const char* path, const timespec* times, fuse_file_info*) {
  return passed(path, [times](const char* real) {
    return ::utimensat(AT_FDCWD, real, times, AT_SYMLINK_NOFOLLOW);
  });
}

int get_room(const char* path, struct statvfs* out) {
  return passed(path, [out](const char* real) { return ::statvfs(real, out); });
}

}  // namespace

const fuse_operations& operations() {
  static const fuse_operations all = [] {
    fuse_operations o{};
    o.init = start;
    o.getattr = get_attributes;
    o.readdir = read_folder;
    o.open = open_file;
    o.create = create_file;
    o.release = close_file;
    o.read = read_file;
    o.write = write_file;
    o.truncate = resize_file;
    o.fallocate = allocate;
    o.fsync = sync_file;
    o.fsyncdir = sync_names;
    o.mkdir = make_folder;
    o.unlink = remove_file;
    o.rmdir = remove_folder;
    o.rename = move;
    o.link = link_file;
    o.chmod = set_mode;
    o.chown = set_owner;
    o.utimens = set_times;
    o.statfs = get_room;
    return o;
  }();
  return all;
}

}  // namespace powercut
