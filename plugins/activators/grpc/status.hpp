// How a call ends, in gRPC's numbers, for gRPC and HTTP alike.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "spawn/plugin/abi.h"

namespace grpc_source {

enum class code : std::uint8_t {
  ok = 0,
  cancelled = 1,
  unknown = 2,
  invalid_argument = 3,
  deadline_exceeded = 4,
  not_found = 5,
  already_exists = 6,
  permission_denied = 7,
  resource_exhausted = 8,
  failed_precondition = 9,
  aborted = 10,
  out_of_range = 11,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  data_loss = 15,
  unauthenticated = 16
};

struct status {
  code what = code::ok;
  std::string text;
  [[nodiscard]] bool ok() const noexcept { return what == code::ok; }
};

// What a failed delivery is for the one who called.
[[nodiscard]] code code_of(spawn_status failure) noexcept;
[[nodiscard]] unsigned http_status_of(code what) noexcept;

}  // namespace grpc_source
