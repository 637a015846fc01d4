// A disk with a volatile write cache: what is not synced may be gone after a power cut.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "powercut/names.hpp"
#include "powercut/unsynced_file.hpp"

namespace powercut {

struct options {
  std::string backing;  // this folder is the disk; `disk` and `yard` are made in it
  std::uint64_t seed = 0;
  names::rule names_rule = names::rule::folder;
  // A sync takes a random time up to this, as on a disk, so that cuts fall into it.
  unsigned sync_us_max = 2000;
};

using file_ptr = std::shared_ptr<unsynced_file>;

// The live contents are in <backing>/disk, beside what is needed to undo them. After cut() the
// folder has what a disk would have, and every operation ends EIO; a new mount shows it.
//
// Functions return 0, a number of bytes, or -errno. Paths are FUSE's: they begin with /.
// Thread: any; one lock covers all of it.
class disk {
 public:
  explicit disk(const options& o);

  int open(const char* path, int flags, file_ptr& out);
  int create(const char* path, int flags, mode_t mode, uid_t uid, gid_t gid, file_ptr& out);
  int read(unsynced_file& f, char* to, std::size_t size, off_t at);
  int write(unsynced_file& f, const char* data, std::size_t size, off_t at);
  int resize(const char* path, unsynced_file* f, off_t size);
  int grow(unsynced_file& f, off_t size);
  int sync(unsynced_file& f);
  void close(file_ptr f);

  int make_folder(const char* path, mode_t mode, uid_t uid, gid_t gid);
  int sync_folder(const char* path);
  int remove(const char* path, bool is_folder);
  int move(const char* from, const char* to, unsigned flags);
  int link(const char* from, const char* to);

  // Where a path is in the backing file system, for what is neither data nor a name.
  [[nodiscard]] std::string real(const char* path) const { return root_ + path; }
  [[nodiscard]] bool dead() const noexcept { return dead_.load(std::memory_order_acquire); }

  // Ends these processes with the power: no system call of theirs returns after the cut.
  damage cut(const std::vector<pid_t>& processes);
  // All that was written is on the disk.
  void settle();

 private:
  using guard = std::lock_guard<std::mutex>;

  [[nodiscard]] int place_of(const char* path, place& out) const;
  int adopt(int fd, file_ptr& out);
  int find(const char* path, file_ptr& out);
  void wait_for_disk(const unsynced_file& f);
  void drop_done();

  std::string root_;
  unsigned sync_us_max_;
  std::mutex lock_;
  std::atomic<bool> dead_{false};
  dice dice_;
  names names_;
  // Open files and those with something un-synced. An entry holds its inode's number taken.
  std::unordered_map<ino_t, file_ptr> files_;
};

}  // namespace powercut
