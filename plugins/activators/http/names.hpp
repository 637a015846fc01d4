// Names of headers: case, and which of a client's may be passed on. [any]
#pragma once
#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace http_activator {

[[nodiscard]] inline std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  });
  return out;
}

// RFC 9110, token.
[[nodiscard]] inline bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

template <std::size_t N>
[[nodiscard]] bool is_one_of(std::string_view name,
                             const std::array<std::string_view, N>& names) noexcept {
  return std::ranges::find(names, name) != names.end();
}

// Belong to the connection or to the framing of the message, in either direction.
inline constexpr std::array<std::string_view, 11> framing_headers{
    "connection", "keep-alive",        "proxy-connection", "te",     "trailer",           "upgrade",
    "expect",     "transfer-encoding", "content-length",   "server", "proxy-authenticate"};

// Secrets of the client: seen by this plugin, not by actors.
inline constexpr std::array<std::string_view, 3> secret_headers{"authorization", "cookie",
                                                                "proxy-authorization"};

// Begin the names of facts that this plugin gives, which a client must not make up.
inline constexpr std::array<std::string_view, 3> fact_prefixes{"http-", "path-", "query-"};

// Whether a client's header, its name in lower case, becomes one of the message.
[[nodiscard]] inline bool is_passed_on(std::string_view name) noexcept {
  return !is_one_of(name, framing_headers) && !is_one_of(name, secret_headers) &&
         std::ranges::none_of(fact_prefixes,
                              [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace http_activator
