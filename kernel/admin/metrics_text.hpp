// All metrics of the kernel as Prometheus text.
#pragma once
#include <string>

#include "admin/admin_context.hpp"

namespace spawn {

// Reads the lanes' plain counters while the lanes go on (D13), and asks the lanes to tell of new
// actor types for the next time; the admin server asks once a second as well, so a new type shows
// within a second. Content type: text/plain; version=0.0.4. [any]
[[nodiscard]] std::string render_metrics(const admin_context& from);

}  // namespace spawn
