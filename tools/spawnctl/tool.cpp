#include "tool.hpp"

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
