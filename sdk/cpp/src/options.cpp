// Addresses and ports from the environment and from text.
#include <charconv>
#include <cstdlib>
#include <stdexcept>

#include "spawn/sdk/host.hpp"

namespace spawn::sdk {

namespace {

std::uint16_t to_port(std::string_view text, std::string_view where) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > 65535) {
    throw std::invalid_argument(std::string(where) + ": \"" + std::string(text) +
                                "\" is not a port (0 to 65535)");
  }
  return static_cast<std::uint16_t>(value);
}

std::uint16_t port_from(const char* variable, std::uint16_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : to_port(text, variable);
}

std::string text_from(const char* variable, const char* otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr || *text == '\0' ? otherwise : text;
}

}  // namespace

kernel_address::kernel_address()
    : host(text_from("PROXY_HTTP_HOST", "127.0.0.1")), port(port_from("PROXY_HTTP_PORT", 9001)) {}

kernel_address::kernel_address(std::string host_name, std::uint16_t port_number)
    : host(std::move(host_name)), port(port_number) {}

kernel_address kernel_address::parse(std::string_view text) {
  std::string_view host = text;
  std::uint16_t port = 9001;
  const auto bracket = text.rfind(']');  // [::1]:9001
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = text.substr(0, colon);
    port = to_port(text.substr(colon + 1), "kernel address \"" + std::string(text) + "\"");
  }
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  if (host.empty()) {
    throw std::invalid_argument("kernel address \"" + std::string(text) +
                                "\": write host:port, for example 127.0.0.1:9001");
  }
  return {std::string(host), port};
}

host_options::host_options()
    : port(port_from("USER_FUNCTION_PORT", 8090)), config(text_from("USER_FUNCTION_CONFIG", "")) {}

}  // namespace spawn::sdk
