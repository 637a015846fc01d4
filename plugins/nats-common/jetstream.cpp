#include "nats-common/jetstream.hpp"

#include <array>
#include <charconv>

namespace nats_common {

namespace {

constexpr int status_no_responders = 503;

std::uint64_t number_of(std::string_view digits) noexcept {
  std::uint64_t out = 0;
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), out);
  return out;
}

}  // namespace

api_answer read_api_answer(answer a) {
  api_answer out;
  out.how = a.how;
  out.unsent = a.status;
  if (a.how != fate::answered) {
    return out;
  }
  if (server_status_of(a.message.get()) == status_no_responders) {
    out.nobody = true;
    return out;
  }
  out.body = nlohmann::json::parse(payload_of(a.message.get()), nullptr, false);
  if (!out.body.is_object()) {
    out.code = 500;
    out.text = "an answer that is not JSON";
    return out;
  }
  if (const auto error = out.body.find("error"); error != out.body.end() && error->is_object()) {
    out.code = error->value("code", 500);
    out.err_code = error->value("err_code", 0);
    out.text = error->value("description", std::string("an error without a text"));
  }
  return out;
}

std::string why_of(const api_answer& a) {
  switch (a.how) {
    case fate::unsent:
      return a.unsent == SPAWN_E_TOO_LARGE ? "larger than the server takes"
             : a.unsent == SPAWN_E_INVALID ? "not a subject of NATS"
                                           : "there is no connection to NATS";
    case fate::timed_out:
      return "NATS did not answer in time";
    case fate::lost:
      return "the connection to NATS was lost";
    case fate::answered:
      break;
  }
  if (a.nobody) {
    return "JetStream does not answer here";
  }
  return a.text + " (" + std::to_string(a.err_code) + ")";
}

spawn_status status_of(const api_answer& a) noexcept {
  if (a.how == fate::unsent) {
    return a.unsent;
  }
  if (a.how != fate::answered) {
    return SPAWN_E_UNKNOWN_OUTCOME;
  }
  if (a.nobody) {
    return SPAWN_E_UNAVAILABLE;
  }
  switch (a.err_code) {
    case js_wrong_last_sequence:
      return SPAWN_E_CONFLICT;
    case js_message_too_large:
      return SPAWN_E_TOO_LARGE;
    case js_store_failed:
      return SPAWN_E_EXHAUSTED;
    case js_no_message:
    case js_stream_not_found:
    case js_consumer_not_found:
      return SPAWN_E_NOT_FOUND;
    default:
      return a.code >= 500 ? SPAWN_E_UNAVAILABLE : SPAWN_E_INVALID;
  }
}

std::optional<ack_facts> read_ack_subject(std::string_view reply) noexcept {
  constexpr std::string_view prefix = "$JS.ACK.";
  constexpr std::size_t short_form = 7, long_form = 9;
  if (!reply.starts_with(prefix)) {
    return std::nullopt;
  }
  std::array<std::string_view, 12> tokens;
  std::size_t n = 0;
  for (std::string_view rest = reply.substr(prefix.size()); n < tokens.size();) {
    const std::size_t dot = rest.find('.');
    tokens[n++] = rest.substr(0, dot);
    if (dot == std::string_view::npos) {
      break;
    }
    rest.remove_prefix(dot + 1);
  }
  if (n != short_form && n < long_form) {
    return std::nullopt;
  }
  const std::size_t at = n == short_form ? 0 : 2;
  return ack_facts{tokens[at],
                   tokens[at + 1],
                   number_of(tokens[at + 2]),
                   number_of(tokens[at + 3]),
                   number_of(tokens[at + 4]),
                   number_of(tokens[at + 5]),
                   number_of(tokens[at + 6])};
}

bool valid_name(std::string_view name) noexcept {
  for (const char c : name) {
    if (c <= ' ' || c > '~' || c == '.' || c == '*' || c == '>' || c == '/' || c == '\\') {
      return false;
    }
  }
  return !name.empty();
}

}  // namespace nats_common
