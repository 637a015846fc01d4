// The transport, as the stations see it: messages and requests between kernels.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/unique_function.hpp"
#include "plugin/ports/op.hpp"
#include "spawn/plugin/transport.h"

namespace spawn {

// A message that came in. Owned by whoever receives it.
struct transport_message {
  std::string subject;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string payload;
  std::string reply_to;  // empty: nobody waits for a reply

  // Value of the first header of that name, compared exactly; nothing when there is none.
  [[nodiscard]] const std::string* header(std::string_view name) const noexcept {
    for (const auto& [key, value] : headers) {
      if (key == name) {
        return &value;
      }
    }
    return nullptr;
  }
};

using header_view = std::pair<std::string_view, std::string_view>;

class transport_port {
 public:
  // not_found: nobody listens. unknown_outcome: it went out, and no reply came by the deadline.
  using replied_fn = unique_function<void(result<transport_message>)>;

  virtual ~transport_port() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  // Publishes; copies what it needs before it returns. A failure is counted and logged, since a
  // broadcast is at most once (protocol.md 7.1). [lane]
  virtual void publish(lane& from, std::string_view subject, std::span<const header_view> headers,
                       std::string_view payload) = 0;
  // Subscribes until unsubscribe() of the number it returns; `on_message` runs on `to`. Of the
  // subscriptions that share pattern and group, one gets a message; an empty group gets each.
  // [any], once started.
  virtual std::uint64_t subscribe(lane& to, std::string_view pattern, std::string_view group,
                                  unique_function<void(transport_message)> on_message) = 0;
  // What is on its way may still come until `ended` is called, on the subscription's lane. [any]
  virtual void unsubscribe(std::uint64_t subscription, unique_function<void()> ended) = 0;

  // Whether the plugin carries requests, and groups that take turns in answering them. [any]
  [[nodiscard]] virtual bool has_requests() const noexcept = 0;
  // As publish(), and brings the first reply; `replied` is called once, later, on `from`. [lane]
  virtual void request(lane& from, std::string_view subject, std::span<const header_view> headers,
                       std::string_view payload, std::uint64_t deadline_ns, replied_fn replied) = 0;
  // Answers a message that has a reply_to. `ended` is called once, later, on `from`; without it, a
  // failure is logged. [lane]
  virtual void reply(lane& from, std::string_view reply_to, std::span<const header_view> headers,
                     std::string_view payload, replied_fn ended) = 0;
};

}  // namespace spawn
