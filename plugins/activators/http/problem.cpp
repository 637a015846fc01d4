#include <nlohmann/json.hpp>

#include "messages.hpp"

namespace http_activator {

namespace {

std::string_view title_of(std::uint32_t status) noexcept {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

answer problem(std::uint32_t status, std::string_view detail, std::uint32_t retry_after_s) {
  answer out;
  out.status = status;
  out.content_type = "application/problem+json";
  out.retry_after_s = retry_after_s;
  out.body = nlohmann::json{
      {"type", "about:blank"},
      {"title", title_of(status)},
      {"status", status},
      {"detail",
       detail}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return out;
}

}  // namespace http_activator
