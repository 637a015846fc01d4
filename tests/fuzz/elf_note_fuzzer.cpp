// Feeds arbitrary bytes to everything that looks at a plugin file before the dynamic linker does.
#include <cstddef>
#include <cstdint>
#include <span>

#include "planted.hpp"
#include "plugin/elf_note.hpp"
#include "plugin/lint.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto image = spawn::read_elf(std::as_bytes(std::span(data, size)));
  if (!image) {
    return 0;
  }
  const auto json = spawn::manifest_of(*image);
  if (!json) {
    return 0;
  }
  const auto manifest = spawn::parse_manifest(*json);
  if (manifest) {
    static_cast<void>(spawn::lint(*image, *manifest));
  }
  planted_overread(!manifest, data, size);
  return 0;
}
