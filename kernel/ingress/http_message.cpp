#include "ingress/http_message.hpp"

namespace spawn {

std::string_view http_request::query(std::string_view key) const noexcept {
  const std::string_view all(target);
  auto at = all.find('?');
  while (at != std::string_view::npos) {
    const auto begin = at + 1;
    at = all.find('&', begin);
    const auto pair = all.substr(begin, at == std::string_view::npos ? at : at - begin);
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == key) {
      return equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    }
  }
  return {};
}

std::string_view reason_of(int status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Payload Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

}  // namespace spawn
