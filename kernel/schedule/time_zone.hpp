// Local time in a zone of the IANA database, for schedules.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace date {
class time_zone;
}

namespace spawn {

// A zone by name. Life: a value; what it borrows lives as long as the process. Thread: [any].
// UTC needs no database on the machine; every other zone comes from /usr/share/zoneinfo.
class time_zone {
 public:
  time_zone() = default;  // UTC

  // "Europe/Paris", "UTC". INVALID_ARGUMENT names the zone that is not known. Reads the
  // zone's file, a few KB, when it is asked for the first time. [any], after load_database().
  [[nodiscard]] static result<time_zone> find(std::string_view name);
  // Reads the list of zones, some milliseconds of work that the first find() would do otherwise. A
  // machine without one is told of by find(). [control]
  static void load_database() noexcept;

  // Seconds since 1970-01-01 00:00 of the zone's own clocks, at a moment of Unix time in seconds.
  [[nodiscard]] std::int64_t local_s(std::int64_t unix_s) const;
  // The first moment at which the zone's clocks show `local_s` or more: a local time that a change
  // of the clocks leaves out is the first moment after it, and one that comes twice is its first.
  [[nodiscard]] std::int64_t unix_s(std::int64_t local_s) const;
  // The latest local second that began at or before the moment. Above local_s() only while the
  // clocks, set back, go through the same hour again.
  [[nodiscard]] std::int64_t latest_local_s(std::int64_t unix_s) const;

 private:
  const date::time_zone* zone_ = nullptr;  // null: UTC
};

}  // namespace spawn
