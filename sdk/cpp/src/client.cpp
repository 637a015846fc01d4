#include "spawn/sdk/client.hpp"

#include "http_client.hpp"
#include "spawn/sdk/wire/protocol.pb.h"

namespace spawn::sdk {

namespace {

constexpr std::chrono::milliseconds deadline_default{60'000};
// The kernel answers at its deadline; the client waits a little longer to hear it.
constexpr std::chrono::milliseconds deadline_grace{2'000};

std::string escaped(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  return out;
}

failure to_failure(const wire::RequestStatus& status, int http_status) {
  if (status.status() == wire::ACTOR_NOT_FOUND) {
    return {failure::kind::not_found, status.message()};
  }
  if (status.message().empty()) {
    return {failure::kind::refused, "HTTP " + std::to_string(http_status) + " without a message"};
  }
  return {failure::kind::refused, status.message()};
}

template <class Message>
result<Message> checked(const result<detail::http_answer>& answer) {
  if (!answer) {
    return tl::unexpected(answer.error());
  }
  Message message;
  if (!message.ParseFromString(answer->body)) {
    return tl::unexpected(failure{failure::kind::decode, "HTTP " + std::to_string(answer->status) +
                                                             " with a body that is not protobuf"});
  }
  if (answer->status != 200 || message.status().status() != wire::OK) {
    return tl::unexpected(to_failure(message.status(), answer->status));
  }
  return message;
}

}  // namespace

struct client::parts {
  explicit parts(kernel_address kernel) : http(std::move(kernel)) {}

  detail::http_client http;
};

client::client(kernel_address kernel) : parts_(std::make_unique<parts>(std::move(kernel))) {}
client::~client() = default;

result<client::answer> client::call(std::string_view system, std::string_view actor,
                                    std::string_view action, const any_value* request,
                                    const invoke_options& options) const {
  wire::InvocationRequest message;
  message.mutable_system()->set_name(std::string(system));
  auto& id = *message.mutable_actor()->mutable_id();
  id.set_name(std::string(actor));
  id.set_system(std::string(system));
  message.set_action_name(std::string(action));
  if (request == nullptr) {
    message.mutable_noop();
  } else {
    message.mutable_value()->set_type_url(request->type_url);
    message.mutable_value()->set_value(request->value);
  }
  message.set_async(options.async);
  message.set_pooled(options.pooled);
  message.mutable_metadata()->insert(options.metadata.begin(), options.metadata.end());
  if (options.timeout) {
    (*message.mutable_metadata())["request-timeout"] = std::to_string(options.timeout->count());
  }
  if (options.scheduled_to) {
    message.set_scheduled_to(std::chrono::duration_cast<std::chrono::milliseconds>(
                                 options.scheduled_to->time_since_epoch())
                                 .count());
  }
  message.set_register_ref(options.register_ref);

  const std::string target =
      "/api/v1/system/" + escaped(system) + "/actors/" + escaped(actor) + "/invoke";
  const std::string body = message.SerializeAsString();
  auto response = checked<wire::InvocationResponse>(parts_->http.post(
      {target, body, {}}, options.timeout.value_or(deadline_default) + deadline_grace));
  if (!response) {
    return tl::unexpected(std::move(response.error()));
  }
  answer got;
  if (response->has_value()) {
    got.kind = presence::value;
    got.value.type_url = std::move(*response->mutable_value()->mutable_type_url());
    got.value.value = std::move(*response->mutable_value()->mutable_value());
  } else if (response->has_noop()) {
    got.kind = presence::noop;
  }
  return got;
}

failure client::wrong_answer(const answer& got, std::string_view wanted) {
  if (got.kind == presence::unset) {
    return {failure::kind::decode, "the answer has no payload, wanted a " + std::string(wanted)};
  }
  return {failure::kind::decode,
          "the answer is a " + std::string(type_name_of(got.value.type_url)) + " of " +
              std::to_string(got.value.value.size()) + " bytes, wanted a " + std::string(wanted)};
}

result<void> client::spawn(std::string_view system, std::span<const actor_id> ids,
                           std::int64_t revision) const {
  wire::SpawnRequest message;
  for (const auto& id : ids) {
    auto& added = *message.add_actors();
    added.set_name(id.name);
    added.set_system(id.system.empty() ? std::string(system) : id.system);
    added.set_parent(id.parent);
  }
  std::string target = "/api/v1/system/" + escaped(system) + "/actors/spawn";
  if (revision > 0) {
    target += "?revision=" + std::to_string(revision);
  }
  auto response = checked<wire::SpawnResponse>(
      parts_->http.post({target, message.SerializeAsString(), {}}, deadline_default));
  if (!response) {
    return tl::unexpected(std::move(response.error()));
  }
  return {};
}

}  // namespace spawn::sdk
