// Invokes actors from outside: from a test, a web server, a command line.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "spawn/sdk/payload.hpp"
#include "spawn/sdk/types.hpp"

namespace spawn::sdk {

struct invoke_options {
  // Answered as soon as the kernel has taken the request; the answer has no payload.
  bool async = false;
  bool pooled = false;
  string_map metadata;
  std::string register_ref;  // makes the actor an instance of this unnamed actor first
  // Run later; answered like an async request.
  std::optional<std::chrono::system_clock::time_point> scheduled_to;
  // Set: the kernel's deadline too (metadata "request-timeout"). Unset: 60 s, the kernel's default.
  std::optional<std::chrono::milliseconds> timeout;
};

// Life cycle: make one and keep it; it pools its connections. Thread: [any]; calls block.
// A request is written at most once: after a broken connection the failure says whether it may
// have been executed.
class client {
 public:
  explicit client(kernel_address kernel = {});
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  // The answer decoded as Response; `nothing` ignores its payload. A default Response comes back
  // from async and scheduled requests, and when the answer is a noop. An answer without payload,
  // or with one of another type, is a failure.
  template <class Response = nothing, encodable Request>
  [[nodiscard]] result<Response> invoke(std::string_view system, std::string_view actor,
                                        std::string_view action, const Request& request,
                                        const invoke_options& options = {}) const {
    any_value bytes;
    codec<Request>::encode(request, bytes.type_url, bytes.value);
    return decode<Response>(call(system, actor, action, &bytes, options), options);
  }
  // Without a payload: a noop is sent.
  template <class Response = nothing>
  [[nodiscard]] result<Response> invoke(std::string_view system, std::string_view actor,
                                        std::string_view action,
                                        const invoke_options& options = {}) const {
    return decode<Response>(call(system, actor, action, nullptr, options), options);
  }

  // Binds names to unnamed actors: each id has `name` and `parent`; an empty system means `system`.
  // `revision` above 0 starts the instances from that revision of their history.
  [[nodiscard]] result<void> spawn(std::string_view system, std::span<const actor_id> ids,
                                   std::int64_t revision = 0) const;

 private:
  struct answer {
    presence kind = presence::unset;
    any_value value;
  };
  struct parts;

  [[nodiscard]] result<answer> call(std::string_view system, std::string_view actor,
                                    std::string_view action, const any_value* request,
                                    const invoke_options& options) const;
  [[nodiscard]] static failure wrong_answer(const answer& got, std::string_view wanted);

  template <class Response>
  static result<Response> decode(result<answer> got, const invoke_options& options) {
    if (!got) {
      return tl::unexpected(std::move(got.error()));
    }
    Response response{};
    if constexpr (!std::same_as<Response, nothing>) {
      const bool later = options.async || options.scheduled_to.has_value();
      if (got->kind == presence::value) {
        const auto type = codec<Response>::type_name();
        if (!same_type(got->value.type_url, type) ||
            !codec<Response>::decode(got->value.type_url, got->value.value, response)) {
          return tl::unexpected(wrong_answer(*got, type));
        }
      } else if (got->kind == presence::unset && !later) {
        return tl::unexpected(wrong_answer(*got, codec<Response>::type_name()));
      }
    }
    return response;
  }

  std::unique_ptr<parts> parts_;
};

}  // namespace spawn::sdk
