#include "plugin/store_dir.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "plugin/elf_note.hpp"

namespace spawn {
namespace {

tl::unexpected<error> failed(const std::filesystem::path& where, const char* what) {
  return fail(errc::unavailable, where.string() + ": " + what + ": " + std::strerror(errno));
}

result<void> write_all(int fd, std::string_view bytes, const std::filesystem::path& where) {
  while (!bytes.empty()) {
    const ::ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return failed(where, "can not write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

result<void> check_private(const std::filesystem::path& dir) {
  struct stat info{};
  if (::lstat(dir.c_str(), &info) != 0) {
    return failed(dir, "can not look at it");
  }
  if (!S_ISDIR(info.st_mode)) {
    return fail(errc::denied, dir.string() + ": not a folder");
  }
  if (info.st_uid != ::geteuid()) {
    return fail(errc::denied, dir.string() + ": belongs to another user");
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(errc::denied, dir.string() + ": others may write to it; chmod go-w");
  }
  return {};
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < length; ++i) {
    out += digits[digest[i] >> 4];
    out += digits[digest[i] & 15];
  }
  return out;
}

result<store_dir> store_dir::open(std::filesystem::path dir) {
  if (!dir.is_absolute()) {
    return fail(errc::invalid, "plugin store \"" + dir.string() + "\" is not an absolute path");
  }
  std::error_code why;
  std::filesystem::create_directories(dir.parent_path(), why);
  if (why) {
    return fail(errc::unavailable, dir.parent_path().string() + ": " + why.message());
  }
  if (::mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) {
    return failed(dir, "can not make it");
  }
  SPAWN_CHECK(check_private(dir));
  return store_dir(std::move(dir));
}

result<std::filesystem::path> store_dir::put(std::string_view bytes,
                                             const std::string& sha256) const {
  const std::filesystem::path folder = dir_ / sha256;
  std::filesystem::path file = folder / "plugin.so";
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return failed(folder, "can not make it");
  }
  SPAWN_CHECK(check_private(folder));
  if (const auto there = read_plugin_file(file); there && *there == bytes) {
    return file;
  }
  std::string temporary = (folder / ".plugin.XXXXXX").string();
  const int fd = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) {
    return failed(temporary, "can not make it");
  }
  auto written = write_all(fd, bytes, temporary);
  if (written && (::fchmod(fd, 0500) != 0 || ::fsync(fd) != 0)) {
    written = failed(temporary, "can not write");
  }
  ::close(fd);
  if (written && ::rename(temporary.c_str(), file.c_str()) != 0) {
    written = failed(file, "can not put it in place");
  }
  if (!written) {
    ::unlink(temporary.c_str());
    return fail(std::move(written.error()));
  }
  return file;
}

std::string plugin_store_dir() {
  if (const char* set = std::getenv("SPAWN_PLUGIN_STORE"); set != nullptr && *set != '\0') {
    return set;
  }
  if (::geteuid() == 0 || ::access("/var/lib/spawn", W_OK) == 0) {
    return "/var/lib/spawn/plugins";
  }
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache != nullptr && *cache == '/') {
    return std::string(cache) + "/spawn/plugins";
  }
  return "/tmp/spawn-" + std::to_string(::geteuid()) + "/plugins";
}

}  // namespace spawn
