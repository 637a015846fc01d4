// Pub/Sub over TLS, with the tokens of a service account.
#pragma once
#include <vector>

#include "contract/common/check.hpp"

namespace contract {

[[nodiscard]] std::vector<check> pubsub_tls_checks();

}  // namespace contract
