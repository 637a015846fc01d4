#include "app/test_switches.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/log.hpp"

namespace spawn {

protocol_switches test_switches() {
  protocol_switches out;
#if SPAWN_DCHECKS
  const char* wanted = std::getenv("SPAWN_TEST_BREAK_RULES");
  if (wanted == nullptr || *wanted == '\0') {
    return out;
  }
  const std::string list = "," + std::string(wanted) + ",";
  const auto has = [&](std::string_view rule) {
    return list.find("," + std::string(rule) + ",") != std::string::npos;
  };
  out.outbox = !has("outbox");
  out.consume_in_group = !has("dedup");
  out.fifo_by_store = !has("fifo");
  SPAWN_LOG(warn, "rules of the protocol are switched off, for a test", {"rules", wanted});
#endif
  return out;
}

}  // namespace spawn
