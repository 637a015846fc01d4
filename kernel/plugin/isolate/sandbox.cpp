#include "plugin/isolate/sandbox.hpp"

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>

#include "base/log.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SPAWN_SANITIZED 1
#endif
#endif

namespace spawn::isolate {
namespace {

// Memory that glibc reserves per thread and does not use counts as address space.
constexpr int malloc_arenas = 2;

result<void> limit(const char* what, __rlimit_resource resource, std::uint64_t to) {
  const rlimit both{to, to};
  if (::setrlimit(resource, &both) != 0) {
    return fail(errc::unavailable, std::string("limiting ") + what + ": " + std::strerror(errno));
  }
  return {};
}

}  // namespace

result<std::string> enter_sandbox(const create_order& order) {
  ::mallopt(M_ARENA_MAX, malloc_arenas);
  SPAWN_CHECK(limit("core dumps", RLIMIT_CORE, 0));
  SPAWN_CHECK(limit("open files", RLIMIT_NOFILE, order.open_files));
#ifndef SPAWN_SANITIZED  // sanitizers reserve terabytes
  SPAWN_CHECK(limit("memory", RLIMIT_AS, order.memory_bytes));
#endif
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return fail(errc::unavailable, std::string("no_new_privs: ") + std::strerror(errno));
  }
  SPAWN_TRY(const bool files, confine_files(order));
  if (!files) {
    SPAWN_LOG(warn,
              "this kernel has no Landlock: a plugin's process may open any file that the "
              "kernel's user may");
  }
  SPAWN_CHECK(confine_calls(order.network));
  return std::string("rlimits seccomp") + (files ? " landlock" : "") +
         (order.network ? " network" : "");
}

}  // namespace spawn::isolate
