// The names in the folders of the disk: which of them were made, moved and removed and not synced,
// and what a power cut leaves of that.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "powercut/unsynced_file.hpp"

namespace powercut {

// A folder by its descriptor, so that its own names may change. Owns the descriptor.
class folder {
 public:
  explicit folder(int fd);
  ~folder();
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] ino_t id() const noexcept { return id_; }

 private:
  int fd_;
  ino_t id_;
};
using folder_ptr = std::shared_ptr<const folder>;

// A name in a folder.
struct place {
  folder_ptr in;
  std::string name;
};

// Carries out what programs ask for and keeps how to undo it until the folder is synced. Of each
// folder's changes a cut leaves a prefix, so that they happened in their order, but those of
// different folders have none. What was removed lies in the yard until it can no longer come back.
//
// Functions return 0 or -errno. Not thread-safe: the disk's lock covers it.
class names {
 public:
  // How the names of new files become durable: by a sync of the folder alone, as POSIX has it, or
  // by a sync of the file, too, as ext4, XFS and btrfs do.
  enum class rule { folder, own };

  names(folder_ptr yard, rule r) : yard_(std::move(yard)), rule_(r) {}

  void made(place at, ino_t id);  // it is there already
  int remove(const place& at, bool is_folder);
  int move(const place& from, const place& to, unsigned flags);
  void folder_synced(ino_t id);
  void file_synced(ino_t id);
  void settle();
  void cut(dice& d, damage& out);

 private:
  struct change {
    enum class kind { made, removed, moved } what;
    place at;
    place to;          // moved
    std::string bury;  // the name in the yard of what had to go; may be empty
    ino_t id = 0;      // made
  };
  using changes = std::list<change>;

  [[nodiscard]] std::string grave();
  void forget(const change& c);
  void undo(const change& c);
  // The changes of a folder before `end`, and of those that moves tie to it, are on the disk.
  void settle_up_to(ino_t id, changes::const_iterator end);

  folder_ptr yard_;
  rule rule_;
  changes pending_;
  std::uint64_t graves_ = 0;
};

}  // namespace powercut
