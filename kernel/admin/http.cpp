#include "admin/http.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/limits.hpp"
#include "base/utf8.hpp"
#include "wire/reader.hpp"

namespace spawn {
namespace {

using nlohmann::json;

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Nothing when a '%' is not followed by two hex digits or the result is no UTF-8.
std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) {
        return std::nullopt;
      }
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_blank && text[i] == '+' ? ' ' : text[i];
    }
  }
  if (!is_utf8(out)) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

std::string_view admin_request::param(std::string_view key) const noexcept {
  for (const auto& [name, value] : query) {
    if (name == key) {
      return value;
    }
  }
  return {};
}

result<void> read_target(std::string_view target, admin_request& into) {
  const auto mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  into.path = path;
  if (!path.starts_with('/')) {
    return fail(errc::invalid, "the request's target is not a path");
  }
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto slash = path.find('/');
    auto part = decode(path.substr(0, slash), false);
    if (!part || part->size() > limits::name_bytes_max) {
      return fail(errc::invalid,
                  "a piece of the path is not UTF-8, badly escaped, or longer than " +
                      std::to_string(limits::name_bytes_max) + " bytes");
    }
    into.parts.push_back(std::move(*part));
    path = slash == path.npos ? std::string_view() : path.substr(slash);
  }
  std::string_view query = mark == target.npos ? std::string_view() : target.substr(mark + 1);
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const auto equals = pair.find('=');
    auto key = decode(pair.substr(0, equals), true);
    auto value = decode(equals == pair.npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!key || !value) {
      return fail(errc::invalid, "the query is not UTF-8 or badly escaped");
    }
    into.query.emplace_back(std::move(*key), std::move(*value));
    query = end == query.npos ? std::string_view() : query.substr(end + 1);
  }
  return {};
}

admin_response admin_problem(int status, std::string_view title, std::string_view detail) {
  admin_response out;
  out.status = status;
  out.content_type = "application/problem+json";
  out.body =
      json{{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}}.dump(
          -1, ' ', false, json::error_handler_t::replace);
  return out;
}

admin_response admin_problem(const outcome& ended) {
  const bool missing = ended.why == failure::actor_not_found ||
                       ended.why == failure::action_not_found ||
                       ended.why == failure::revision_not_found;
  const failure_facts what = facts(ended.why);
  admin_response out = admin_problem(missing ? 404 : what.http, what.code, ended.text);
  out.retry_after_s = ended.retry_after_s;
  return out;
}

admin_response bad_request(std::string_view detail) {
  return admin_problem(400, "INVALID_ARGUMENT", detail);
}

admin_response lane_is_busy() {
  admin_response out = admin_problem(503, "UNAVAILABLE", "a lane did not answer in time");
  out.retry_after_s = 1;
  return out;
}

bool same_secret(std::string_view given, std::string_view wanted) noexcept {
  // The wanted length decides how long this takes; a wrong length is a difference from the start.
  volatile unsigned char differs = given.size() == wanted.size() ? 0 : 1;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const char c = given.empty() ? '\0' : given[i % given.size()];
    differs = static_cast<unsigned char>(differs | static_cast<unsigned char>(c ^ wanted[i]));
  }
  return differs == 0;
}

bool read_number(std::string_view given, std::uint64_t& out) {
  const auto [stopped, failed] = std::from_chars(given.data(), given.data() + given.size(), out);
  return failed == std::errc() && stopped == given.data() + given.size();
}

}  // namespace spawn
