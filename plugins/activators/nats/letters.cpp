#include "letters.hpp"

#include <algorithm>
#include <utility>

namespace nats_source {

namespace {

bool is_content_type(std::string_view name) {
  constexpr std::string_view wanted = "content-type";
  return std::equal(name.begin(), name.end(), wanted.begin(), wanted.end(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

}  // namespace

std::unique_ptr<spawn::plugin::delivery> delivery_of(natsMsg* m, const settings& s) {
  auto out = std::make_unique<spawn::plugin::delivery>();
  spawn::plugin::delivery& d = *out;
  const std::string_view subject = nats_common::subject_of(m);
  d.payload = nats_common::payload_of(m);
  d.content_type = s.content_type;
  for (const auto& [name, value] : nats_common::headers_of(m)) {
    d.headers.emplace_back(name, value);
    if (is_content_type(name)) {
      d.content_type = value;
    }
  }
  d.headers.emplace_back("nats-subject", subject);
  d.dedup_id = nats_common::header_of(m, "Nats-Msg-Id");
  if (s.order_by == "subject") {
    d.order_key = subject;
  } else if (s.order_by == "header") {
    d.order_key = nats_common::header_of(m, s.order_header.c_str());
  }
  return out;
}

void add_stream_facts(spawn::plugin::delivery& d, const nats_common::ack_facts& facts, natsMsg* m) {
  const std::string sequence = std::to_string(facts.stream_sequence);
  const std::string time = std::to_string(facts.time_ns);
  d.source = facts.stream;
  d.partition = facts.consumer;
  d.attempt = static_cast<std::uint32_t>(std::min<std::uint64_t>(facts.delivered, UINT32_MAX));
  d.flags = facts.delivered > 1 ? std::uint32_t{SPAWN_D_REDELIVERED} : 0;
  d.headers.emplace_back("nats-stream", facts.stream);
  d.headers.emplace_back("nats-sequence", sequence);
  d.headers.emplace_back("nats-time-ns", time);
  if (nats_common::header_of(m, "Nats-Msg-Id").empty()) {
    // With the time it was stored at: a stream that is made anew counts from one again.
    d.dedup_id = std::string(facts.stream) + "/" + sequence + "/" + time;
  }
}

}  // namespace nats_source
