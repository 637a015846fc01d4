// The bug that a self-test build carries, so that a fuzzer that finds nothing can be told from one
// that looks at nothing. In builds without SPAWN_PLANTED_OVERREAD this is empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>

// Reads one byte past the input when it has the magic shape. No seed has it. The line tells the
// runner that a crash of the self-test build is this one.
inline void planted_overread([[maybe_unused]] bool magic_shape,
                             [[maybe_unused]] const std::uint8_t* data,
                             [[maybe_unused]] std::size_t size) {
#ifdef SPAWN_PLANTED_OVERREAD
  if (magic_shape) {
    std::fputs("planted over-read\n", stderr);
    [[maybe_unused]] const volatile std::uint8_t past = *(data + size);
  }
#endif
}

// What a parser promises about what it accepted; broken, the input is kept as a crash.
inline void promised(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}
