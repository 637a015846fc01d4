#include "guarded.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <new>

namespace spawn::check {
namespace {

// What the signal handler may read: a fixed table of ranges. The text is set last and cleared
// first.
struct blame {
  std::atomic<const char*> text{nullptr};
  std::uintptr_t from = 0, to = 0;
};
constexpr std::size_t blames_max = 1u << 15;
std::array<blame, blames_max> blames;
std::atomic<std::size_t> used{0};  // places below it may hold something
std::atomic<int> verdict_fd{-1};

void say(int fd, const char* text) noexcept {
  for (std::size_t left = std::strlen(text); left > 0;) {
    const ssize_t sent = ::write(fd, text, left);
    if (sent <= 0) {
      return;
    }
    text += sent;
    left -= static_cast<std::size_t>(sent);
  }
}

void on_fault(int signal, siginfo_t* info, void*) {
  const auto at = reinterpret_cast<std::uintptr_t>(info->si_addr);
  const std::size_t end = used.load();
  for (std::size_t i = 0; i < end; ++i) {
    const char* text = blames[i].text.load();
    if (text != nullptr && at >= blames[i].from && at < blames[i].to) {
      say(verdict_fd.load(), "failed\n");
      say(verdict_fd.load(), text);
      ::_exit(1);
    }
  }
  // Nothing of ours: the access is repeated and ends the process as it would have.
  ::signal(signal, SIG_DFL);
}

int place_blame(std::uintptr_t from, std::uintptr_t to, const char* text) {
  for (std::size_t i = 0; i < blames_max; ++i) {
    if (blames[i].text.load() == nullptr) {
      blames[i].from = from;
      blames[i].to = to;
      blames[i].text.store(text);
      if (used.load() <= i) {
        used.store(i + 1);
      }
      return static_cast<int>(i);
    }
  }
  throw std::bad_alloc();
}

void drop_blame(int& place) noexcept {
  if (place >= 0) {
    blames[static_cast<std::size_t>(place)].text.store(nullptr);
    place = -1;
  }
}

std::size_t page_bytes() noexcept {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

void blame_to(int result_fd) {
  verdict_fd.store(result_fd);
  struct sigaction action{};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSEGV, &action, nullptr);
}

guarded::guarded(std::size_t bytes, const char* past_end) : bytes_(bytes) {
  const std::size_t page = page_bytes();
  usable_ = (bytes + page - 1) / page * page;
  total_ = usable_ + page;
  void* got = ::mmap(nullptr, total_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (got == MAP_FAILED) {
    throw std::bad_alloc();
  }
  pages_ = static_cast<char*>(got);
  if (::mprotect(pages_ + usable_, page, PROT_NONE) != 0) {
    ::munmap(pages_, total_);
    throw std::bad_alloc();
  }
  const auto end = reinterpret_cast<std::uintptr_t>(pages_ + usable_);
  behind_ = place_blame(end, end + page, past_end);
}

guarded::~guarded() {
  drop_blame(inside_);
  drop_blame(behind_);
  ::munmap(pages_, total_);
}

void guarded::read_only(const char* verdict) {
  protect(PROT_READ, verdict);
}

void guarded::forbid(const char* verdict) {
  protect(PROT_NONE, verdict);
}

void guarded::allow() {
  if (usable_ != 0 && ::mprotect(pages_, usable_, PROT_READ | PROT_WRITE) != 0) {
    throw std::bad_alloc();
  }
  drop_blame(inside_);
}

void guarded::protect(int rights, const char* verdict) {
  drop_blame(inside_);
  const auto from = reinterpret_cast<std::uintptr_t>(pages_);
  inside_ = place_blame(from, from + usable_, verdict);
  if (usable_ != 0 && ::mprotect(pages_, usable_, rights) != 0) {
    throw std::bad_alloc();
  }
}

}  // namespace spawn::check
