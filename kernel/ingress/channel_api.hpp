// Channels for those outside: POST /v1/systems/:system/channels/:channel sends to one, and
// GET .../:channel/events listens to it, as server-sent events.
#pragma once
#include <string>
#include <vector>

#include "ingress/routes.hpp"

namespace spawn {

// `parts`: system, "channels", channel and, of a listener, "events"; checked. [lane]
void handle_channel(gateway& g, const std::vector<std::string>& parts, http_request&& request,
                    responder& to);

}  // namespace spawn
