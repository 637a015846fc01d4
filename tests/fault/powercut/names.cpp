#include "powercut/names.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <vector>

namespace powercut {

namespace {

int rename(const place& from, const place& to, unsigned flags = 0) {
  return ::renameat2(from.in->fd(), from.name.c_str(), to.in->fd(), to.name.c_str(), flags) == 0
             ? 0
             : -errno;
}

void must(int status, const char* what) {
  if (status != 0) {
    throw std::system_error(-status, std::generic_category(), what);
  }
}

bool exists(const place& at) {
  struct stat s{};
  return ::fstatat(at.in->fd(), at.name.c_str(), &s, AT_SYMLINK_NOFOLLOW) == 0;
}

// A folder that was made goes with all that is in it.
void wipe(const place& at) {
  std::filesystem::remove_all("/proc/self/fd/" + std::to_string(at.in->fd()) + "/" + at.name);
}

}  // namespace

folder::folder(int fd) : fd_(fd), id_(0) {
  struct stat s{};
  if (::fstat(fd, &s) != 0) {
    throw std::system_error(errno, std::generic_category(), "fstat");
  }
  id_ = s.st_ino;
}

folder::~folder() {
  ::close(fd_);
}

std::string names::grave() {
  return std::to_string(++graves_);
}

void names::made(place at, ino_t id) {
  pending_.push_back({change::kind::made, std::move(at), {}, {}, id});
}

int names::remove(const place& at, bool is_folder) {
  const std::string bury = grave();
  if (is_folder) {  // rmdir looks whether it is empty, a move would not
    const int fd = ::openat(at.in->fd(), at.name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
      return -errno;
    }
    ::close(fd);
    const auto path = "/proc/self/fd/" + std::to_string(at.in->fd()) + "/" + at.name;
    if (!std::filesystem::is_empty(path)) {
      return -ENOTEMPTY;
    }
  }
  const int status = rename(at, {yard_, bury});
  if (status == 0) {
    pending_.push_back({change::kind::removed, at, {}, bury});
  }
  return status;
}

int names::move(const place& from, const place& to, unsigned flags) {
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0) {
    return -EINVAL;
  }
  std::string bury;
  if (exists(to)) {
    if ((flags & RENAME_NOREPLACE) != 0) {
      return -EEXIST;
    }
    bury = grave();
    if (const int status = rename(to, {yard_, bury}); status != 0) {
      return status;
    }
  }
  const int status = rename(from, to);
  if (status == 0) {
    pending_.push_back({change::kind::moved, from, to, bury});
  } else if (!bury.empty()) {
    must(rename({yard_, bury}, to), "renameat2");
  }
  return status;
}

void names::forget(const change& c) {
  if (!c.bury.empty()) {
    wipe({yard_, c.bury});
  }
}

void names::undo(const change& c) {
  switch (c.what) {
    case change::kind::made:
      wipe(c.at);
      return;
    case change::kind::removed:
      must(rename({yard_, c.bury}, c.at), "renameat2");
      return;
    case change::kind::moved:
      must(rename(c.to, c.at), "renameat2");
      if (!c.bury.empty()) {
        must(rename({yard_, c.bury}, c.to), "renameat2");
      }
      return;
  }
}

void names::settle_up_to(ino_t id, changes::const_iterator end) {
  std::set<ino_t> all{id};
  for (std::size_t known = 0; known != all.size();) {
    known = all.size();
    for (auto c = pending_.cbegin(); c != end; ++c) {
      if (c->to.in != nullptr && (all.contains(c->at.in->id()) || all.contains(c->to.in->id()))) {
        all.insert(c->at.in->id());
        all.insert(c->to.in->id());
      }
    }
  }
  for (auto c = pending_.cbegin(); c != end;) {
    if (all.contains(c->at.in->id())) {
      forget(*c);
      c = pending_.erase(c);
    } else {
      ++c;
    }
  }
}

void names::folder_synced(ino_t id) {
  settle_up_to(id, pending_.cend());
  file_synced(id);
}

void names::file_synced(ino_t id) {
  if (rule_ == rule::folder) {
    return;
  }
  const auto own = std::find_if(pending_.cbegin(), pending_.cend(), [id](const change& c) {
    return c.what == change::kind::made && c.id == id;
  });
  if (own != pending_.cend()) {
    const ino_t parent = own->at.in->id();
    settle_up_to(parent, std::next(own));
    file_synced(parent);  // a name in a folder that is not there helps nobody
  }
}

void names::settle() {
  for (const change& c : pending_) {
    forget(c);
  }
  pending_.clear();
}

void names::cut(dice& d, damage& out) {
  std::map<ino_t, std::uint64_t> stay;
  for (const change& c : pending_) {
    ++stay[c.at.in->id()];
    if (c.to.in != nullptr && c.to.in != c.at.in) {
      ++stay[c.to.in->id()];
    }
  }
  for (auto& [id, count] : stay) {
    count = std::uniform_int_distribution<std::uint64_t>(0, count)(d);
  }
  std::vector<changes::const_iterator> lost;
  for (auto c = pending_.cbegin(); c != pending_.cend(); ++c) {
    auto& at = stay[c->at.in->id()];
    auto& to = c->to.in != nullptr ? stay[c->to.in->id()] : at;
    if (at == 0 || to == 0) {
      at = to = 0;  // nothing later in these folders either
      if (c->what == change::kind::made) {
        stay[c->id] = 0;  // nor in the folder that was never made
      }
      lost.push_back(c);
      continue;
    }
    --at;
    to -= &to != &at ? 1 : 0;
    ++out.names_kept;
  }
  out.names_lost += lost.size();
  for (auto c = lost.rbegin(); c != lost.rend(); ++c) {
    undo(**c);
    pending_.erase(*c);
  }
  settle();
}

}  // namespace powercut
