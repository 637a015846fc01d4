// seccomp: which system calls a child may make. All others fail with EPERM, as if the user had no
// right to them; clone3, whose arguments a filter can not see, with ENOSYS, upon which glibc takes
// clone.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

#include "plugin/isolate/sandbox.hpp"

namespace spawn::isolate {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t own_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t own_arch = AUDIT_ARCH_AARCH64;
#else
#error "add this machine's AUDIT_ARCH"
#endif

// Work on memory, time, threads and open files; files by name, which Landlock judges.
constexpr int calls[] = {
    SYS_brk,
    SYS_mmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_munmap,
    SYS_madvise,
    SYS_msync,
    SYS_mincore,
    SYS_mlock,
    SYS_munlock,
    SYS_membarrier,
    SYS_rseq,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_set_tid_address,
    SYS_futex,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_rt_sigpending,
    SYS_rt_sigsuspend,
    SYS_sigaltstack,
    SYS_restart_syscall,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_get_priority_max,
    SYS_sched_get_priority_min,
    SYS_getcpu,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_times,
    SYS_timer_create,
    SYS_timer_settime,
    SYS_timer_gettime,
    SYS_timer_delete,
    SYS_getitimer,
    SYS_setitimer,
    SYS_timerfd_create,
    SYS_timerfd_settime,
    SYS_timerfd_gettime,
    SYS_getrandom,
    SYS_getpid,
    SYS_getppid,
    SYS_gettid,
    SYS_getpgid,
    SYS_getsid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_getresuid,
    SYS_getresgid,
    SYS_getgroups,
    SYS_capget,
    SYS_uname,
    SYS_sysinfo,
    SYS_getrusage,
    SYS_umask,
    SYS_getcwd,
    SYS_chdir,
    SYS_fchdir,
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_preadv2,
    SYS_pwritev2,
    SYS_lseek,
    SYS_close,
    SYS_close_range,
    SYS_dup,
    SYS_dup3,
    SYS_fcntl,
    SYS_flock,
    SYS_ioctl,
    SYS_fsync,
    SYS_fdatasync,
    SYS_sync_file_range,
    SYS_ftruncate,
    SYS_truncate,
    SYS_fallocate,
    SYS_fadvise64,
    SYS_readahead,
    SYS_copy_file_range,
    SYS_sendfile,
    SYS_splice,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_statfs,
    SYS_fstatfs,
    SYS_getdents64,
    SYS_openat,
    SYS_openat2,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_readlinkat,
    SYS_mkdirat,
    SYS_unlinkat,
    SYS_renameat,
    SYS_renameat2,
    SYS_linkat,
    SYS_symlinkat,
    SYS_fchmod,
    SYS_fchown,
    SYS_utimensat,
    SYS_pipe2,
    SYS_eventfd2,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_ppoll,
    SYS_pselect6,
    SYS_inotify_init1,
    SYS_inotify_add_watch,
    SYS_inotify_rm_watch,
    SYS_memfd_create,
#if defined(__x86_64__)
    SYS_open,
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_readlink,
    SYS_mkdir,
    SYS_rmdir,
    SYS_unlink,
    SYS_rename,
    SYS_link,
    SYS_symlink,
    SYS_creat,
    SYS_getdents,
    SYS_pipe,
    SYS_dup2,
    SYS_eventfd,
    SYS_epoll_create,
    SYS_epoll_wait,
    SYS_poll,
    SYS_select,
    SYS_time,
    SYS_arch_prctl,
    SYS_alarm,
    SYS_getpgrp,
    SYS_inotify_init,
    SYS_utime,
    SYS_utimes,
#endif
};

// Sockets that are there already can be used; only this makes or takes new ones.
constexpr int network_calls[] = {
    SYS_socket,   SYS_socketpair,  SYS_connect,     SYS_bind,       SYS_listen,     SYS_accept,
    SYS_accept4,  SYS_getsockname, SYS_getpeername, SYS_setsockopt, SYS_getsockopt, SYS_sendto,
    SYS_recvfrom, SYS_sendmsg,     SYS_recvmsg,     SYS_sendmmsg,   SYS_recvmmsg,   SYS_shutdown};

// Calls that name a process: this one alone.
constexpr int own_process_calls[] = {SYS_kill, SYS_tgkill, SYS_rt_tgsigqueueinfo};

class program {
 public:
  void line(std::uint16_t code, std::uint32_t k, std::uint8_t yes = 0, std::uint8_t no = 0) {
    lines_.push_back({code, yes, no, k});
  }
  void load(std::size_t offset) {
    line(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
  }
  void answer(std::uint32_t what) { line(BPF_RET | BPF_K, what); }
  // The call in the accumulator is let through.
  void allow(int call) {
    line(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1);
    answer(SECCOMP_RET_ALLOW);
  }
  // `call` is let through if its argument is `wanted`, after `mask`; else it is refused.
  void allow_if(int call, int argument, std::uint32_t mask, std::uint32_t wanted) {
    line(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 5);
    load(offsetof(seccomp_data, args) + static_cast<std::size_t>(argument) * 8);
    line(BPF_ALU | BPF_AND | BPF_K, mask);
    line(BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, 1);
    answer(SECCOMP_RET_ALLOW);
    refuse(EPERM);
  }
  void refuse(std::uint32_t why) { answer(SECCOMP_RET_ERRNO | why); }
  [[nodiscard]] std::vector<sock_filter>& lines() noexcept { return lines_; }

 private:
  std::vector<sock_filter> lines_;
};

program make_program(bool network) {
  constexpr std::uint32_t x32_bit = 0x40000000;
  const auto own = static_cast<std::uint32_t>(::getpid());
  program out;
  out.load(offsetof(seccomp_data, arch));
  out.line(BPF_JMP | BPF_JEQ | BPF_K, own_arch, 1, 0);
  out.answer(SECCOMP_RET_KILL_PROCESS);
  out.load(offsetof(seccomp_data, nr));
  out.line(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1);
  out.answer(SECCOMP_RET_KILL_PROCESS);
  for (const int call : calls) {
    out.allow(call);
  }
  if (network) {
    for (const int call : network_calls) {
      out.allow(call);
    }
  }
  for (const int call : own_process_calls) {
    out.allow_if(call, 0, ~0u, own);
  }
  out.allow_if(SYS_clone, 0, CLONE_THREAD, CLONE_THREAD);  // threads, no processes
  out.allow_if(SYS_prctl, 0, ~0u, PR_SET_NAME);
  out.allow_if(SYS_prlimit64, 2, ~0u, 0);  // reads limits, sets none
  out.line(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1);
  out.refuse(ENOSYS);
  out.refuse(EPERM);
  return out;
}

}  // namespace

result<void> confine_calls(bool network) {
  program made = make_program(network);
  const sock_fprog all{static_cast<unsigned short>(made.lines().size()), made.lines().data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &all) != 0) {
    return fail(errc::unavailable, std::string("isolation: seccomp: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace spawn::isolate
