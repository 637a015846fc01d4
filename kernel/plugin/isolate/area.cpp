#include "plugin/isolate/area.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace spawn::isolate {
namespace {

constexpr std::uint32_t magic = 0x4e575053;  // "SPWN"
constexpr std::size_t page = 4096;           // of the header, and of the words of each ring
constexpr std::uint32_t channels_max = 1'025;

struct area_head {
  std::uint32_t magic, version, channels, reserved;
};
static_assert(sizeof(area_head) % alignof(told_time) == 0);

std::size_t size_for(std::uint32_t channels) {
  return page + std::size_t{channels} * 2 * (page + ring_bytes);
}

tl::unexpected<error> failed(const char* what) {
  return fail(errc::unavailable, std::string("shared memory for a plugin's process: ") + what +
                                     ": " + std::strerror(errno));
}

result<std::byte*> map(int fd, std::size_t bytes) {
  void* at = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (at == MAP_FAILED) {
    return failed("mmap");
  }
  return static_cast<std::byte*>(at);
}

}  // namespace

result<std::unique_ptr<shared_area>> shared_area::make(std::uint32_t channels) {
  const int fd = ::memfd_create("spawn-plugin", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) {
    return failed("memfd_create");
  }
  const std::size_t bytes = size_for(channels);
  if (::ftruncate(fd, static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    auto out = failed("sealing");
    ::close(fd);
    return out;
  }
  auto at = map(fd, bytes);
  if (!at) {
    ::close(fd);
    return fail(std::move(at.error()));
  }
  const area_head head{magic, protocol_version, channels, 0};
  std::memcpy(*at, &head, sizeof head);
  return std::unique_ptr<shared_area>(new shared_area(fd, channels, *at, bytes));
}

result<std::unique_ptr<shared_area>> shared_area::attach(int fd) {
  struct stat info{};
  area_head head{};
  if (::fstat(fd, &info) != 0 || ::pread(fd, &head, sizeof head, 0) != sizeof head) {
    return failed("reading");
  }
  if (head.magic != magic || head.version != protocol_version || head.channels == 0 ||
      head.channels > channels_max ||
      static_cast<std::size_t>(info.st_size) != size_for(head.channels)) {
    return fail(errc::invalid, "the kernel that started this program is of another version");
  }
  SPAWN_TRY(std::byte * at, map(fd, size_for(head.channels)));
  return std::unique_ptr<shared_area>(
      new shared_area(fd, head.channels, at, size_for(head.channels)));
}

shared_area::~shared_area() {
  ::munmap(at_, bytes_);
  ::close(fd_);
}

told_time& shared_area::time() const noexcept {
  return *reinterpret_cast<told_time*>(at_ + sizeof(area_head));
}

ring_words& shared_area::words(std::uint32_t channel, bool to_child) const noexcept {
  const std::size_t index = std::size_t{channel} * 2 + (to_child ? 0 : 1);
  return *reinterpret_cast<ring_words*>(at_ + page + index * (page + ring_bytes));
}

std::span<std::byte> shared_area::bytes(std::uint32_t channel, bool to_child) const noexcept {
  auto* words_at = reinterpret_cast<std::byte*>(&words(channel, to_child));
  return {words_at + page, ring_bytes};
}

ring_writer shared_area::writer(std::uint32_t channel, bool to_child) const noexcept {
  return {words(channel, to_child), bytes(channel, to_child)};
}

ring_reader shared_area::reader(std::uint32_t channel, bool to_child) const noexcept {
  return {words(channel, to_child), bytes(channel, to_child)};
}

}  // namespace spawn::isolate
