// JSON for people (D9): invoke an actor with a JSON body, read its state as JSON.
#pragma once
#include "ingress/routes.hpp"

namespace spawn {

// POST /v1/systems/{s}/actors/{a}/{action} and GET /v1/systems/{s}/actors/{a}. A POST's header
// Idempotency-Key is the metadata idempotency-key (docs/durability.md). [lane]
void handle_json(gateway& g, http_request&& request, responder& to);
// An error as application/problem+json (RFC 9457).
[[nodiscard]] http_response problem(const outcome& ended);

// Shared with the protobuf routes. [lane]
void start_invocation(gateway& g, invocation_ptr message, std::string_view traceparent,
                      responder& to, std::function<http_response(outcome&)> convert);
void get_state(gateway& g, std::string_view system, std::string_view actor, responder& to,
               std::function<http_response(outcome&)> convert);

}  // namespace spawn
