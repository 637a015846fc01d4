// What actors publish, on its way to NATS. JetStream: OK is a stream's acknowledgement. Core NATS:
// OK is that the server has read the message. Many are in flight. [session thread]
#pragma once
#include <cstddef>
#include <string>

#include "nats-common/jetstream.hpp"
#include "nats-common/session.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/sink.hpp"

namespace nats_source {

class publisher {
 public:
  using message = spawn::plugin::pending<spawn_sink_message>;

  publisher(nats_common::session& at, const settings& s) : session_(at), settings_(s) {}

  [[nodiscard]] static std::uint64_t capabilities(const settings& s) noexcept {
    return SPAWN_SINK_CAP_HEADERS | (s.jetstream ? std::uint64_t{SPAWN_SINK_CAP_DEDUP} : 0);
  }
  void publish(message m);
  [[nodiscard]] bool busy() const noexcept { return in_flight_ != 0; }

 private:
  [[nodiscard]] bool fill(message& m, nats_common::outgoing& out) const;
  void to_stream(message m, nats_common::outgoing out, std::uint64_t deadline_ns);
  void to_server(message m, const nats_common::outgoing& out, std::uint64_t deadline_ns);
  void nobody_takes(message m, const std::string& subject, std::uint64_t deadline_ns);

  nats_common::session& session_;
  const settings& settings_;
  std::size_t in_flight_ = 0;
};

}  // namespace nats_source
