// Settings of a config's text.
#pragma once
#include <string>

#include "settings.hpp"
#include "spawn/plugin/testing/fake_host.hpp"

namespace rabbitmq {

inline settings parsed(const std::string& json) {
  const spawn::plugin::testing::fake_host host;
  return parse({spawn::plugin::host_ref(host.table()), "test", json, 1, {}});
}

// What it is refused with; empty when it is not.
inline std::string refusal_of(const std::string& json) {
  try {
    (void)parsed(json);
    return {};
  } catch (const spawn::plugin::refused& why) {
    return why.what();
  }
}

}  // namespace rabbitmq
