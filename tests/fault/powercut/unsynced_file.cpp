#include "powercut/unsynced_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace powercut {

namespace {

bool chance(dice& d, double of) {
  return std::bernoulli_distribution(of)(d);
}

[[noreturn]] void broken(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

unsynced_file::unsynced_file(int fd) : fd_(fd), disk_size_(0) {
  disk_size_ = size();
}

unsynced_file::~unsynced_file() {
  ::close(fd_);
}

off_t unsynced_file::size() const {
  struct stat s{};
  if (::fstat(fd_, &s) != 0) {
    broken("fstat");
  }
  return s.st_size;
}

bool unsynced_file::clean() const {
  return former_.empty() && size() == disk_size_;
}

std::string unsynced_file::page_now(std::uint64_t page) const {
  std::string bytes(page_bytes, '\0');
  if (::pread(fd_, bytes.data(), bytes.size(), static_cast<off_t>(page * page_bytes)) < 0) {
    broken("pread");
  }
  return bytes;
}

void unsynced_file::remember(std::uint64_t page) {
  const bool new_to_disk = static_cast<off_t>(page * page_bytes) >= disk_size_;
  former_.try_emplace(page, new_to_disk ? std::string() : page_now(page));
}

int unsynced_file::write(const char* data, std::size_t size, off_t at, dice& d) {
  const std::uint64_t first = static_cast<std::uint64_t>(at) / page_bytes;
  const std::uint64_t last = (static_cast<std::uint64_t>(at) + size - 1) / page_bytes;
  for (std::uint64_t page = first; size != 0 && page <= last; ++page) {
    const auto found = former_.find(page);
    if (found == former_.end()) {
      remember(page);
    } else if (!shrunk_to_.has_value() && chance(d, 0.25)) {
      found->second = page_now(page);  // the version between reached the disk by itself
    }
  }
  while (size != 0) {
    const ssize_t n = ::pwrite(fd_, data, size, at);
    if (n < 0) {
      return -errno;
    }
    data += n;
    at += n;
    size -= static_cast<std::size_t>(n);
  }
  return 0;
}

int unsynced_file::resize(off_t to) {
  const off_t now = size();
  if (to < now) {
    for (off_t at = to - to % static_cast<off_t>(page_bytes); at < std::min(now, disk_size_);
         at += static_cast<off_t>(page_bytes)) {
      remember(static_cast<std::uint64_t>(at) / page_bytes);
    }
    shrunk_to_ = std::min(shrunk_to_.value_or(disk_size_), to);
  }
  return ::ftruncate(fd_, to) == 0 ? 0 : -errno;
}

void unsynced_file::synced() {
  former_.clear();
  shrunk_to_.reset();
  disk_size_ = size();
}

void unsynced_file::put_back(std::uint64_t page, const std::string& former) const {
  const std::string bytes = former.empty() ? std::string(page_bytes, '\0') : former;
  if (::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(page * page_bytes)) !=
      static_cast<ssize_t>(bytes.size())) {
    broken("pwrite");
  }
}

void unsynced_file::put_back_some(std::uint64_t page, const std::string& former, dice& d) const {
  std::string mixed = page_now(page);
  for (std::size_t at = 0; at < page_bytes; at += sector_bytes) {
    if (chance(d, 0.5)) {
      mixed.replace(
          at, sector_bytes,
          former.empty() ? std::string(sector_bytes, '\0') : former.substr(at, sector_bytes));
    }
  }
  put_back(page, mixed);
}

// Either the disk shrank the file, then nothing of the old end can come back; or it did not, then
// nothing that was written behind it since then is there.
void unsynced_file::settle_shrink(dice& d) {
  const off_t at = *shrunk_to_;
  const std::uint64_t first = static_cast<std::uint64_t>(at) / page_bytes;
  if (chance(d, 0.5)) {
    for (auto page = former_.lower_bound(first); page != former_.end(); ++page) {
      const auto stays = page->first == first ? static_cast<std::size_t>(at) % page_bytes : 0;
      page->second.resize(std::min(page->second.size(), stays));
      if (!page->second.empty()) {
        page->second.resize(page_bytes, '\0');
      }
    }
    disk_size_ = std::min(disk_size_, at);
    return;
  }
  for (auto page = former_.lower_bound(first); page != former_.end(); page = former_.erase(page)) {
    put_back(page->first, page->second);
  }
  if (::ftruncate(fd_, disk_size_) != 0) {
    broken("ftruncate");
  }
}

void unsynced_file::cut(dice& d, damage& out) {
  if (shrunk_to_.has_value() && *shrunk_to_ < disk_size_) {
    settle_shrink(d);
  }
  const off_t seen = size();
  off_t left = seen;
  if (seen != disk_size_) {
    const off_t between =
        std::uniform_int_distribution(std::min(seen, disk_size_), std::max(seen, disk_size_))(d);
    left = chance(d, 0.4) ? seen : chance(d, 0.5) ? disk_size_ : between;
  }
  // One cut finds nearly all on its way, another nearly nothing, also whole transactions.
  const double luck = std::clamp(std::uniform_real_distribution(-0.2, 1.2)(d), 0.0, 1.0);
  for (const auto& [page, former] : former_) {
    if (chance(d, luck)) {
      ++out.kept;
    } else if (chance(d, 0.5)) {
      put_back_some(page, former, d);
      ++out.torn;
    } else {
      put_back(page, former);
      ++out.lost;
    }
  }
  if (::ftruncate(fd_, left) != 0) {
    broken("ftruncate");
  }
  out.sizes += left != seen ? 1 : 0;
  synced();
}

}  // namespace powercut
