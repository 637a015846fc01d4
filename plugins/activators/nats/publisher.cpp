#include "publisher.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace nats_source {

using nats_common::answer;
using nats_common::api_answer;
using nats_common::fate;
using nats_common::outgoing;
using spawn::plugin::text;

namespace {

bool plain_subject(std::string_view subject) {
  for (const char c : subject) {
    if (c <= ' ' || c > '~' || c == '*' || c == '>') {
      return false;
    }
  }
  return !subject.empty() && subject.front() != '.' && subject.back() != '.' &&
         subject.find("..") == std::string_view::npos;
}

}  // namespace

bool publisher::fill(message& m, outgoing& out) const {
  out.subject =
      m->destination.len == 0 ? settings_.sink_subject : std::string(text(m->destination));
  if (!plain_subject(out.subject)) {
    m.end(SPAWN_E_INVALID, out.subject.empty()
                               ? "no destination, and sink_subject is not set"
                               : "the destination is not a subject: " + out.subject);
    return false;
  }
  const auto add = [&out](const char* name, const spawn_slice& value) {
    if (value.len != 0) {
      out.headers.emplace_back(name, text(value));
    }
  };
  add("Nats-Msg-Id", m->dedup_id);
  add("Content-Type", m->content_type);
  add("spawn-type-url", m->type_url);
  add("spawn-key", m->key);
  for (const spawn_kv& kv : std::span(m->headers, m->n_headers)) {
    out.headers.emplace_back(text(kv.key), text(kv.value));
  }
  for (const auto& [name, value] : out.headers) {
    if (!nats_common::valid_header_name(name) || !nats_common::valid_header_value(value)) {
      m.end(SPAWN_E_INVALID, "NATS can not carry the header " + name);
      return false;
    }
  }
  out.payload = text(m->payload);
  return true;
}

void publisher::publish(message m) {
  const std::uint64_t now_ns = session_.host().now_ns();
  std::uint64_t deadline_ns = now_ns + std::uint64_t{settings_.publish_ms} * 1'000'000;
  if (m->op.deadline_ns != 0) {
    deadline_ns = std::min(deadline_ns, m->op.deadline_ns);
  }
  if (deadline_ns <= now_ns) {
    return m.end(SPAWN_E_UNKNOWN_OUTCOME, "the deadline passed before it was sent");
  }
  outgoing out;
  if (!fill(m, out)) {
    return;
  }
  settings_.jetstream ? to_stream(std::move(m), std::move(out), deadline_ns)
                      : to_server(std::move(m), out, deadline_ns);
}

void publisher::to_stream(message m, outgoing out, std::uint64_t deadline_ns) {
  const std::string subject = out.subject;
  ++in_flight_;
  session_.ask(std::move(out), deadline_ns,
               [this, m = std::move(m), subject, deadline_ns](answer a) mutable {
                 --in_flight_;
                 const api_answer said = nats_common::read_api_answer(std::move(a));
                 if (said.nobody) {
                   return nobody_takes(std::move(m), subject, deadline_ns);
                 }
                 if (!said.ok()) {
                   return m.end(nats_common::status_of(said), nats_common::why_of(said));
                 }
                 if (said.number("seq") == 0) {
                   return m.end(SPAWN_E_UNKNOWN_OUTCOME, "somebody answered who is no stream");
                 }
                 m.end(SPAWN_OK);
               });
}

// No stream for the subject, or no JetStream right now: only the first is for good.
void publisher::nobody_takes(message m, const std::string& subject, std::uint64_t deadline_ns) {
  const std::string request = nlohmann::json{{"subject", subject}}.dump();
  outgoing out;
  out.subject = "$JS.API.STREAM.NAMES";
  out.payload = request;
  ++in_flight_;
  session_.ask(std::move(out), deadline_ns, [this, m = std::move(m), subject](answer a) mutable {
    --in_flight_;
    const api_answer said = nats_common::read_api_answer(std::move(a));
    const auto total = said.body.find("total");
    if (said.ok() && total != said.body.end() && *total == 0) {
      return m.end(SPAWN_E_NOT_FOUND, "no stream takes the subject " + subject);
    }
    m.end(SPAWN_E_UNAVAILABLE, "JetStream does not answer for the subject " + subject);
  });
}

void publisher::to_server(message m, const outgoing& out, std::uint64_t deadline_ns) {
  const spawn_status status = session_.publish(out);
  if (status != SPAWN_OK) {
    api_answer said;
    said.how = status == SPAWN_E_UNKNOWN_OUTCOME ? fate::lost : fate::unsent;
    said.unsent = status;
    return m.end(nats_common::status_of(said), nats_common::why_of(said));
  }
  ++in_flight_;
  session_.confirm(deadline_ns, [this, m = std::move(m)](answer a) mutable {
    --in_flight_;
    if (a.how == fate::answered) {
      return m.end(SPAWN_OK);
    }
    m.end(SPAWN_E_UNKNOWN_OUTCOME, "the server did not confirm");
  });
}

}  // namespace nats_source
