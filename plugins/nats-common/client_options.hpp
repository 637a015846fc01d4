// What the client library is told of one connection to one server.
#pragma once
#include <nats/nats.h>

#include <memory>
#include <string>

#include "nats-common/settings.hpp"

namespace nats_common {

struct free_options {
  void operator()(natsOptions* options) const noexcept { natsOptions_Destroy(options); }
};
using options_ptr = std::unique_ptr<natsOptions, free_options>;

// The settings are borrowed for as long as a connection made with these options lives. Files are
// read here, credentials at each connect. Throws spawn::plugin::refused, which names the key.
[[nodiscard]] options_ptr make_options(const connection_settings& s, const std::string& server);

}  // namespace nats_common
