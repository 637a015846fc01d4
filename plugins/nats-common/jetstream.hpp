// The words of JetStream's API: what its answers say, and the subject that each of its messages
// carries as reply. Pure functions, [any].
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "nats-common/asks.hpp"
#include "spawn/plugin/cpp/plugin.hpp"

namespace nats_common {

// err_code of the API.
enum {
  js_no_message = 10'037,
  js_stream_not_found = 10'059,
  js_consumer_not_found = 10'014,
  js_stream_name_in_use = 10'058,
  js_message_too_large = 10'054,
  js_store_failed = 10'077,
  js_wrong_last_sequence = 10'071
};

// An answer of the API, or of a stream to what was published.
struct api_answer {
  fate how = fate::lost;
  spawn_status unsent = SPAWN_E_UNAVAILABLE;  // why, when it never left
  bool nobody = false;  // no stream takes the subject, or JetStream is not there
  int code = 0, err_code = 0;
  std::string text;     // of the error
  nlohmann::json body;  // an object when there was no error

  [[nodiscard]] bool ok() const noexcept { return how == fate::answered && !nobody && code == 0; }
  [[nodiscard]] std::uint64_t number(const char* key) const {
    const auto at = body.find(key);
    return at != body.end() && at->is_number_unsigned() ? at->get<std::uint64_t>() : 0;
  }
};

[[nodiscard]] api_answer read_api_answer(answer a);

// For people: what went wrong.
[[nodiscard]] std::string why_of(const api_answer& a);

// What a request that changes something ended with, when it was not ok().
[[nodiscard]] spawn_status status_of(const api_answer& a) noexcept;

// "$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>", or the
// longer form with domain and account.
struct ack_facts {
  std::string_view stream, consumer;
  std::uint64_t delivered = 0, stream_sequence = 0, consumer_sequence = 0, time_ns = 0, pending = 0;
};
[[nodiscard]] std::optional<ack_facts> read_ack_subject(std::string_view reply) noexcept;

// Names of streams, consumers and buckets: no blanks, dots or wildcards.
[[nodiscard]] bool valid_name(std::string_view name) noexcept;

}  // namespace nats_common
