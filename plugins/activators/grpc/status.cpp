#include "status.hpp"

#include <array>

namespace grpc_source {

code code_of(spawn_status failure) noexcept {
  switch (failure) {
    case SPAWN_OK:
      return code::ok;
    case SPAWN_E_INVALID:
      return code::invalid_argument;
    case SPAWN_E_NOT_FOUND:
      return code::not_found;
    case SPAWN_E_CONFLICT:
    case SPAWN_E_ABORTED:
      return code::aborted;
    case SPAWN_E_UNAVAILABLE:
    case SPAWN_E_SHUTDOWN:
      return code::unavailable;
    case SPAWN_E_DEADLINE:
      return code::deadline_exceeded;
    case SPAWN_E_CANCELLED:
      return code::cancelled;
    case SPAWN_E_EXHAUSTED:
    case SPAWN_E_TOO_LARGE:
      return code::resource_exhausted;
    case SPAWN_E_DENIED:
      return code::permission_denied;
    case SPAWN_E_UNSUPPORTED:
      return code::unimplemented;
    case SPAWN_E_CORRUPT:
      return code::data_loss;
    default:  // INTERNAL, which a failed action is, and UNKNOWN_OUTCOME
      return code::unknown;
  }
}

unsigned http_status_of(code what) noexcept {
  constexpr std::array<unsigned, 17> table{200, 400, 500, 400, 504, 404, 409, 403, 429,
                                           412, 409, 400, 501, 500, 503, 500, 401};
  const auto at = static_cast<std::size_t>(what);
  return at < table.size() ? table[at] : 500;
}

}  // namespace grpc_source
