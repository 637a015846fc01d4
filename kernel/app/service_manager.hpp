// Tells the service manager that started this process how far it is: systemd's Type=notify, one
// datagram to the socket that NOTIFY_SOCKET names. Without the variable nobody is told. [control]
#pragma once
#include "base/result.hpp"

namespace spawn {

// `state` is in the protocol's words: "READY=1", "STOPPING=1".
[[nodiscard]] result<void> tell_service_manager(const char* state);

}  // namespace spawn
