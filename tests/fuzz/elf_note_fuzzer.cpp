// Feeds arbitrary bytes to everything that looks at a plugin file before the dynamic linker does:
// refused with a text or read, and the same as a file as in memory.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "mutate_elf.hpp"
#include "planted.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/lint.hpp"

namespace {

using namespace spawn;

result<std::string> through_a_file(const std::uint8_t* data, std::size_t size) {
  static const int fd = ::memfd_create("fuzz", 0);
  promised(fd >= 0 && ::ftruncate(fd, 0) == 0);
  promised(::pwrite(fd, data, size, 0) == static_cast<ssize_t>(size));
  return read_manifest_note("/proc/self/fd/" + std::to_string(fd));
}

// True for the planted shape.
bool check_manifest(const elf_image& image, const std::string& json) {
  const auto manifest = parse_manifest(json);
  if (!manifest) {
    promised(!manifest.error().text.empty());
    return false;
  }
  promised(valid_plugin_name(manifest->name) && !manifest->label().empty());
  promised(!manifest->has("no such capability \xff"));
  const auto findings = lint(image, *manifest);
  for (const auto& finding : findings) {
    promised(!finding.text.empty());
  }
  return findings.size() >= 3;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto image = read_elf(std::as_bytes(std::span(data, size)));
  const auto json = image ? manifest_of(*image) : fail(errc::invalid, "no image");
  const auto from_file = through_a_file(data, size);
  promised(from_file.has_value() == json.has_value() && (!json || *from_file == *json));
  if (!json) {
    promised(!from_file.error().text.empty());
    return 0;
  }
  planted_overread(check_manifest(*image, *json), data, size);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  return spawn::fuzz::mutate_elf(data, size, most, seed);
}
