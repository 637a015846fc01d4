// RequestStatus and the two responses that carry little else (protocol.md 1.3).
#pragma once
#include <string>
#include <string_view>

namespace spawn::wire {

enum class status { unknown = 0, ok = 1, actor_not_found = 2, error = 3 };

// Field `field` = RequestStatus{status=1, message=2}.
void append_status(std::string& out, unsigned field, status said, std::string_view message);
// RegistrationResponse with the kernel's ProxyInfo on success.
void append_registration_response(std::string& out, status said, std::string_view message);
void append_spawn_response(std::string& out, status said, std::string_view message);

}  // namespace spawn::wire
