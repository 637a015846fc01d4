// One file of the disk: what was written to it and not synced, and what a power cut leaves of that.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>

namespace powercut {

using dice = std::mt19937_64;

// What became of un-synced pages and names in a cut.
struct damage {
  std::uint64_t kept = 0;
  std::uint64_t lost = 0;
  std::uint64_t torn = 0;
  std::uint64_t sizes = 0;  // files whose size is not the one programs saw
  std::uint64_t names_kept = 0;
  std::uint64_t names_lost = 0;
};

// The newest contents are in the backing file itself; kept here is what the disk had before, page
// by page, so that a cut can bring it back. A page is 4 KiB and tears between its sectors of 512
// bytes; one sector is old or new as a whole, which is what disks promise and PostgreSQL's control
// file counts on.
//
// Owns the descriptor. Not thread-safe: the disk's lock covers it.
class unsynced_file {
 public:
  static constexpr std::size_t page_bytes = 4096;
  static constexpr std::size_t sector_bytes = 512;

  explicit unsynced_file(int fd);  // O_RDWR; what is in it counts as synced
  ~unsynced_file();
  unsynced_file(const unsynced_file&) = delete;
  unsynced_file& operator=(const unsynced_file&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] bool clean() const;
  [[nodiscard]] off_t size() const;

  // 0 or -errno, as FUSE has it.
  int write(const char* data, std::size_t size, off_t at, dice& d);
  int resize(off_t size);
  void synced();
  void cut(dice& d, damage& out);

 private:
  [[nodiscard]] std::string page_now(std::uint64_t page) const;
  void remember(std::uint64_t page);
  void put_back(std::uint64_t page, const std::string& former) const;
  void put_back_some(std::uint64_t page, const std::string& former, dice& d) const;
  void settle_shrink(dice& d);

  int fd_;
  off_t disk_size_;                              // the size the disk is sure of
  std::map<std::uint64_t, std::string> former_;  // what the disk has; empty: zeros
  std::optional<off_t> shrunk_to_;               // the lowest size since the last sync, if below
};

}  // namespace powercut
