// Messages of NATS as deliveries, and what is known of one that was offered.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "nats-common/jetstream.hpp"
#include "settings.hpp"
#include "spawn/plugin/cpp/activator.hpp"

namespace nats_source {

// One message on its way from the server to the kernel, or in the kernel's hands.
struct letter {
  std::unique_ptr<spawn::plugin::delivery> delivery;  // empty once it was offered
  std::string reply;                                  // where its verdict, or its answer, is sent
  nats_common::message_ptr copy;                      // for the dead letters, where there are any
  std::uint64_t came_ns = 0;                          // host clock
  std::uint64_t extended_until_ns = 0, next_progress_ns = 0;
};

// Payload, headers, content type, keys: what both kinds of source have. Facts are headers beside
// the message's own: nats-subject.
[[nodiscard]] std::unique_ptr<spawn::plugin::delivery> delivery_of(natsMsg* m, const settings& s);

// The same with what JetStream says of it: nats-stream, nats-sequence, nats-time-ns, attempt and an
// id that stays when the message comes again.
void add_stream_facts(spawn::plugin::delivery& d, const nats_common::ack_facts& facts, natsMsg* m);

}  // namespace nats_source
