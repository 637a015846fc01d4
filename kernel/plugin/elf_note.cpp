#include "plugin/elf_note.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "spawn/plugin/abi.h"

namespace spawn {

result<std::string> manifest_of(const elf_image& image) {
  const elf_note* found = nullptr;
  std::uint32_t other = 0;
  for (const elf_note& note : image.notes) {
    if (note.owner != "SPAWN") {
      continue;
    }
    if (note.type != SPAWN_ABI_MAJOR) {
      other = std::max(other, note.type);
      continue;
    }
    if (found != nullptr && found->desc != note.desc) {
      return fail(errc::invalid, "two manifest notes that differ");
    }
    found = &note;
  }
  if (found == nullptr && other > SPAWN_ABI_MAJOR) {
    return fail(errc::unsupported, "built for a newer kernel (plugin ABI " + std::to_string(other) +
                                       ", this kernel has " + std::to_string(SPAWN_ABI_MAJOR) +
                                       ")");
  }
  if (found == nullptr) {
    return fail(errc::invalid, "no manifest note: this is not a plugin of this kernel");
  }
  std::string text = found->desc;
  const std::size_t end = text.find('\0');
  if (end == std::string::npos) {
    return fail(errc::invalid, "the manifest note does not end");
  }
  if (text.find_first_not_of('\0', end) != std::string::npos) {
    return fail(errc::invalid, "the manifest note goes on after its end");
  }
  text.resize(end);
  if (text.size() > manifest_bytes_max) {
    return fail(errc::too_large, "the manifest is larger than 1 MiB");
  }
  return text;
}

result<std::string> read_plugin_file(const std::filesystem::path& file) {
  const auto failed = [](const char* what) {
    return fail(errno == ENOENT ? errc::not_found : errc::invalid,
                std::string(what) + ": " + std::strerror(errno));
  };
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return failed("can not open it");
  }
  struct closer {
    int fd;
    ~closer() { ::close(fd); }
  } const close_at_end{fd};
  struct stat info{};
  if (::fstat(fd, &info) != 0) {
    return failed("can not look at it");
  }
  if (!S_ISREG(info.st_mode)) {
    return fail(errc::invalid, "not a regular file");
  }
  if (static_cast<std::uint64_t>(info.st_size) > plugin_bytes_max) {
    return fail(errc::too_large, "larger than 1 GiB");
  }
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  std::size_t have = 0;
  while (have < bytes.size()) {
    const ::ssize_t n = ::read(fd, bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return failed("can not read it");
    }
    if (n == 0) {
      return fail(errc::invalid, "it became shorter while it was read");
    }
    have += static_cast<std::size_t>(n);
  }
  return bytes;
}

result<std::string> read_manifest_note(const std::filesystem::path& file) {
  SPAWN_TRY(const std::string bytes, read_plugin_file(file));
  SPAWN_TRY(const elf_image image, read_elf(std::as_bytes(std::span(bytes))));
  return manifest_of(image);
}

}  // namespace spawn
