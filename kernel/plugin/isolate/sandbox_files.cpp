// Landlock: which files a child may open. The numbers are those of the kernel's uapi, written out,
// since the headers of a build machine may be older than the kernel that runs this.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "plugin/isolate/sandbox.hpp"

namespace spawn::isolate {
namespace {

constexpr long create_ruleset_call = 444;
constexpr long add_rule_call = 445;
constexpr long restrict_self_call = 446;
constexpr unsigned version_flag = 1;
constexpr int path_beneath = 1;

constexpr std::uint64_t fs_execute = 1u << 0, fs_write_file = 1u << 1, fs_read_file = 1u << 2,
                        fs_read_dir = 1u << 3, fs_make_char = 1u << 6, fs_make_block = 1u << 11,
                        fs_truncate = 1u << 14, fs_ioctl_dev = 1u << 15;
constexpr std::uint64_t scope_abstract_unix = 1u << 0, scope_signal = 1u << 1;

struct ruleset_attr {
  std::uint64_t handled_fs, handled_net, scoped;
};

struct __attribute__((packed)) path_attr {
  std::uint64_t allowed;
  std::int32_t parent;
};

// All rights over files that the running kernel can forbid.
std::uint64_t rights_of(long abi) {
  std::uint64_t out = (1u << 13) - 1;
  out |= abi >= 2 ? 1u << 13 : 0;
  out |= abi >= 3 ? fs_truncate : 0;
  out |= abi >= 5 ? fs_ioctl_dev : 0;
  return out;
}

// Where shared libraries, certificates and the answers of the resolver are; not all of /etc, where
// other programs keep their secrets.
constexpr std::array<const char*, 26> system_read = {"/usr/lib",
                                                     "/usr/lib64",
                                                     "/usr/local/lib",
                                                     "/lib",
                                                     "/lib64",
                                                     "/usr/share/zoneinfo",
                                                     "/usr/share/ca-certificates",
                                                     "/usr/local/share/ca-certificates",
                                                     "/etc/ssl",
                                                     "/etc/pki",
                                                     "/etc/ca-certificates",
                                                     "/etc/ld.so.cache",
                                                     "/etc/localtime",
                                                     "/etc/timezone",
                                                     "/etc/resolv.conf",
                                                     "/etc/hosts",
                                                     "/etc/host.conf",
                                                     "/etc/nsswitch.conf",
                                                     "/etc/gai.conf",
                                                     "/etc/services",
                                                     "/etc/protocols",
                                                     "/etc/passwd",
                                                     "/etc/group",
                                                     "/etc/odbcinst.ini",
                                                     "/sys/devices/system/cpu",
                                                     "/proc/self"};
constexpr std::array<const char*, 4> devices = {"/dev/null", "/dev/zero", "/dev/random",
                                                "/dev/urandom"};

result<void> allow(int ruleset, const std::string& path, std::uint64_t rights, bool must) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) {
    if (must) {
      return fail(errc::invalid, "isolation: " + path + ": " + std::strerror(errno));
    }
    return {};
  }
  struct stat info{};
  if (::fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode)) {
    rights &= fs_execute | fs_write_file | fs_read_file | fs_truncate | fs_ioctl_dev;
  }
  const path_attr attr{rights, fd};
  const long done = ::syscall(add_rule_call, ruleset, path_beneath, &attr, 0);
  const int why = errno;
  ::close(fd);
  if (done != 0) {
    return fail(errc::unavailable, "isolation: Landlock on " + path + ": " + std::strerror(why));
  }
  return {};
}

result<void> allow_all(int ruleset, const create_order& order, std::uint64_t all) {
  const std::uint64_t read = fs_read_file | fs_read_dir;
  // No program is run and no device made, wherever it may write.
  const std::uint64_t write = all & ~(fs_execute | fs_make_char | fs_make_block | fs_ioctl_dev);
  for (const char* each : system_read) {
    SPAWN_CHECK(allow(ruleset, each, read, false));
  }
  for (const char* each : devices) {
    SPAWN_CHECK(allow(ruleset, each, read | fs_write_file, false));
  }
  // The copy of the plugin, and the folders up to the store, which are looked at.
  const std::size_t end = order.file.rfind('/');
  SPAWN_CHECK(allow(ruleset, order.file.substr(0, end), read, true));
  for (const std::string& each : order.read_paths) {
    SPAWN_CHECK(allow(ruleset, each, read, true));
  }
  for (const std::string& each : order.write_paths) {
    SPAWN_CHECK(allow(ruleset, each, write, true));
  }
  return {};
}

}  // namespace

result<bool> confine_files(const create_order& order) {
  const long abi = ::syscall(create_ruleset_call, nullptr, 0, version_flag);
  if (abi < 1) {
    return false;
  }
  const std::uint64_t all = rights_of(abi);
  ruleset_attr attr{all, 0, abi >= 6 ? scope_abstract_unix | scope_signal : 0};
  const std::size_t size = abi >= 6 ? sizeof attr : sizeof attr.handled_fs;
  const int ruleset = static_cast<int>(::syscall(create_ruleset_call, &attr, size, 0));
  if (ruleset < 0) {
    return fail(errc::unavailable, std::string("isolation: Landlock: ") + std::strerror(errno));
  }
  auto allowed = allow_all(ruleset, order, all);
  if (allowed && ::syscall(restrict_self_call, ruleset, 0) != 0) {
    allowed = fail(errc::unavailable, std::string("isolation: Landlock: ") + std::strerror(errno));
  }
  ::close(ruleset);
  if (!allowed) {
    return fail(std::move(allowed.error()));
  }
  return true;
}

}  // namespace spawn::isolate
