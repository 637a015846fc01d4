// A transport that says how a subscription began.
#pragma once
#include "plugin/ports/transport_port.hpp"

namespace spawn {

// What kernel/swap needs beside what stations do.
class telling_transport_port : public transport_port {
 public:
  using told_fn = unique_function<void(result<void>)>;

  // As subscribe(); `first_try` is told on `to` how that went. What fails for a while is tried
  // again.
  virtual std::uint64_t subscribe_and_tell(lane& to, std::string_view pattern,
                                           std::string_view group,
                                           unique_function<void(transport_message)> on_message,
                                           told_fn first_try) = 0;
};

}  // namespace spawn
