#include "tool.hpp"

#include <charconv>
#include <cstdio>
#include <ctime>
#include <iostream>

namespace spawn::ctl {

std::string dump(const json& from) {
  return from.dump(2, ' ', false, json::error_handler_t::replace);
}

std::string text_of(const json& from, const char* key) {
  const auto at = from.find(key);
  if (at == from.end() || at->is_null()) {
    return {};
  }
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::string time_of(std::int64_t unix_ms) {
  const std::time_t seconds = unix_ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char out[48];
  std::snprintf(out, sizeof out, "%s.%03dZ", text, static_cast<int>(unix_ms % 1000));
  return out;
}

std::optional<std::uint64_t> duration_ms(const std::string& text) {
  static constexpr std::pair<char, std::uint64_t> units[] = {
      {'s', 1'000}, {'m', 60'000}, {'h', 3'600'000}, {'d', 86'400'000}};
  std::uint64_t amount = 0;
  const auto [stopped, failed] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (failed != std::errc() || stopped + 1 != text.data() + text.size() || amount == 0) {
    return std::nullopt;
  }
  for (const auto& [letter, ms] : units) {
    if (*stopped == letter && amount <= UINT64_MAX / ms) {
      return amount * ms;
    }
  }
  return std::nullopt;
}

void tool::fail(int code, const std::string& text) {
  exit_code = code;
  std::cerr << "spawnctl: " << text << '\n';
}

std::optional<std::string> tool::fetch(const std::string& method, const std::string& path,
                                       const std::string& body) {
  const auto reply = ask_kernel(target, method, path, body);
  if (!reply) {
    const int code = reply.error().code == errc::invalid ? exit_usage : exit_unreachable;
    fail(code, reply.error().text);
    return std::nullopt;
  }
  if (reply->status >= 200 && reply->status < 300) {
    return reply->body;
  }
  const json problem = json::parse(reply->body, nullptr, false);
  if (problem.is_object() && problem.contains("detail")) {
    fail(exit_failed, text_of(problem, "title") + ": " + text_of(problem, "detail"));
  } else {
    fail(exit_failed, "the kernel at " + reply->kernel + " answered with status " +
                          std::to_string(reply->status));
  }
  return std::nullopt;
}

std::optional<json> tool::show(const std::string& method, const std::string& path,
                               const std::string& body) {
  const auto answer = fetch(method, path, body);
  if (!answer) {
    return std::nullopt;
  }
  json parsed = json::parse(*answer, nullptr, false);
  if (parsed.is_discarded()) {
    fail(exit_failed, "the answer is not JSON; is this a Spawn kernel?");
    return std::nullopt;
  }
  if (as_json) {
    std::cout << dump(parsed) << '\n';
    return std::nullopt;
  }
  return parsed;
}

}  // namespace spawn::ctl
