// The disk as FUSE sees it.
#pragma once

#define FUSE_USE_VERSION 35
#include <fuse.h>

namespace powercut {

// The private data of the mount is the disk. Data goes through the page cache above, so that
// shared memory maps work (SQLite's index of the log); that cache writes through, so no write()
// and no sync returns before this process has the bytes.
[[nodiscard]] const fuse_operations& operations();

}  // namespace powercut
