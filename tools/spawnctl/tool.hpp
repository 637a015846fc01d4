// What all verbs share: where the kernel is, how to print, and how the program ends.
#pragma once
#include <CLI/App.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "admin_client.hpp"

namespace spawn::ctl {

using nlohmann::json;

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_config = 3;
inline constexpr int exit_unreachable = 4;

struct tool {
  admin_target target;
  bool as_json = false;
  int exit_code = exit_ok;

  void fail(int code, const std::string& text);
  // The body of a good answer; otherwise says what was wrong and sets the exit code.
  std::optional<std::string> fetch(const std::string& method, const std::string& path,
                                   const std::string& body = {});
  // The same, as JSON; with --json it is printed already, and nothing is left to do.
  std::optional<json> show(const std::string& method, const std::string& path,
                           const std::string& body = {});
};

[[nodiscard]] std::string dump(const json& from);
// A member as text; "" when it is missing or null.
[[nodiscard]] std::string text_of(const json& from, const char* key);

// "30d", "12h", "5m", "10s" in milliseconds; nothing for anything else.
[[nodiscard]] std::optional<std::uint64_t> duration_ms(const std::string& text);
// A moment in UTC, to the millisecond.
[[nodiscard]] std::string time_of(std::int64_t unix_ms);

void add_actor_verbs(CLI::App& app, tool& t);
void add_config_verbs(CLI::App& app, tool& t);
void add_kernel_verbs(CLI::App& app, tool& t);
void add_message_verbs(CLI::App& app, tool& t);
void add_plugin_verbs(CLI::App& app, tool& t);
void add_activator_verbs(CLI::App& app, tool& t);
void add_saga_verbs(CLI::App& app, tool& t);
// More verbs of `state`.
void add_state_verbs(CLI::App* verbs, tool& t);
void add_record_verbs(CLI::App* verbs, tool& t);
void add_store_verbs(CLI::App& app, tool& t);
// More verbs of `plugins`, and the options that they share with `inspect`.
struct trust_options;
void add_trust_verbs(CLI::App* verbs, tool& t);
void add_trust_options(CLI::App* verb, trust_options& into);

}  // namespace spawn::ctl
